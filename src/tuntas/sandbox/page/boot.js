/*
 * The last script: every module is registered by now, in one go, and the session may start.
 */
"use strict";

// The first script set the module functions up as global names; the page itself is one more user of them.
(() => {
  const { importNamespace } = self;
  importNamespace("SandboxModules").complete();
  importNamespace("SandboxFaults").begin();
  importNamespace("SandboxFaults").listen();
  importNamespace("SandboxScreen").start();
  importNamespace("SandboxSession").start();
})();
