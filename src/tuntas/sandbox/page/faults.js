/*
 * Faults that the control API asks for: a page that hangs, a renderer that dies, a disk that takes nothing.
 */
"use strict";

__d("SandboxFaults", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { failures } = require("SandboxStorage");
  const { identity } = require("SandboxIdentity");
  // One more than the most elements V8 gives an array.
  const MORE_THAN_AN_ARRAY_HOLDS = 2 ** 27 + 1;

  function hangPage() {
    for (;;);
  }

  /* V8 ends the whole process when an array would be longer than its limit: a true crash, for 130 MB of text. */
  function crashPage() {
    "x".repeat(MORE_THAN_AN_ARRAY_HOLDS).split("");
  }

  const faults = {
    hang_page: hangPage,
    crash_page: crashPage,
    fail_writes: () => (failures.writing = true),
    mend_writes: () => (failures.writing = false),
  };

  exports.listen = () => transport.on("fault", ({ fault }) => faults[fault]());
  /* What this document was loaded with. */
  exports.begin = () => {
    const ours = global.sandboxSettings.storage_failures.filter(
      ({ number }) => number === null || number === identity.me?.number,
    );
    failures.opening = ours.some(({ writes }) => !writes);
    failures.writing = ours.some(({ writes }) => writes);
  };
});
