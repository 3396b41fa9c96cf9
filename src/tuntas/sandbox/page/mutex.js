/*
 * One tab of a profile at a time: a mark in localStorage that the page takes at its start and gives back at its end.
 *
 * A browser that was killed leaves the mark behind, and one that was closed as a whole too: no page is told of it then.
 * The next page asks whether somebody is still there, and waits a second for the answer.
 */
"use strict";

__d("WAWebUserPrefsTabMutex", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const KEY = "whatsapp-mutex";
  const THIS_TAB = `x${Math.round(Math.random() * 1e9)}`;

  exports.THIS_TAB = THIS_TAB;
  exports.getMutex = () => JSON.parse(localStorage.getItem(KEY) ?? "null");
  exports.setMutex = (text) => localStorage.setItem(KEY, JSON.stringify(`${THIS_TAB}:${text}`));
  exports.removeMutex = () => localStorage.removeItem(KEY);
  exports.currentTabHasMutex = () => (exports.getMutex() ?? "").includes(THIS_TAB);
});

__d("SandboxMutex", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const { getMutex, setMutex, removeMutex, currentTabHasMutex } = require("WAWebUserPrefsTabMutex");

  /* Two tabs of one profile are not imitated: nobody answers, and the newer one goes on. */
  exports.take = async () => {
    for (const end of ["beforeunload", "unload"]) {
      global.addEventListener(end, () => currentTabHasMutex() && removeMutex());
    }
    if (getMutex() !== null) {
      setMutex(`ping${Math.random()}`);
      await new Promise((resolve) => setTimeout(resolve, global.sandboxSettings.mutex_milliseconds));
    }
    setMutex(`init_${Date.now()}`);
  };
});
