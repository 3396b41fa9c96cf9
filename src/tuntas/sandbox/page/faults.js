/*
 * Faults that the control API asks for: a page that hangs, a renderer that dies.
 */
"use strict";

__d("SandboxFaults", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  // One more than the most elements V8 gives an array.
  const MORE_THAN_AN_ARRAY_HOLDS = 2 ** 27 + 1;

  function hangPage() {
    for (;;);
  }

  /* V8 ends the whole process when an array would be longer than its limit: a true crash, for 130 MB of text. */
  function crashPage() {
    "x".repeat(MORE_THAN_AN_ARRAY_HOLDS).split("");
  }

  const faults = { hang_page: hangPage, crash_page: crashPage };

  exports.listen = () => transport.on("fault", ({ fault }) => faults[fault]());
});
