/*
 * The module loader: the ground everything else stands on, and the surface third-party libraries look at first.
 *
 * Modules are registered with `__d(id, deps, factory)` and evaluated at their first `require`. Libraries see three
 * views of a module: `require(id)` (the bare default where that is all there is, else the exports),
 * `importNamespace(id)` (always the exports, the very same object each time, because libraries overwrite functions
 * on it), and the ids in `require("__debug").modulesMap`.
 *
 * A module that the control API took away, for good or for some seconds, stays usable for this page's own modules and is
 * invisible from outside, as when WhatsApp renames a module or loads it late: the page goes on working, the library does
 * not find its name.
 *
 * Asking for an id that does not exist throws and names it. Nothing here may ever answer with an empty stand-in.
 */
"use strict";

(() => {
  const modules = new Map();
  const modulesMap = {};
  // A variant may be meant for the profiles of one phone only.
  const ownNumber = JSON.parse(localStorage.getItem("last-wid-md") ?? '""').split(/[:@]/, 1)[0];
  const meetsUs = ({ number }) => number === null || number === ownNumber;
  const { missing_modules: missing, late_modules: late, trickles } = self.sandboxSettings;
  const hidden = new Set([...missing, ...late].filter(meetsUs).map(({ module }) => module));

  function define(id, _dependencies, factory) {
    if (modules.has(id)) throw new Error(`module "${id}" is defined twice`);
    const entry = { id, factory, exports: {}, defaultExport: undefined, state: "registered", failure: null };
    modules.set(id, entry);
    if (!hidden.has(id)) modulesMap[id] = entry;
  }

  function evaluate(id) {
    const entry = modules.get(id);
    if (entry === undefined) throw unknown(id);
    if (entry.state === "failed") throw entry.failure;
    if (entry.state === "registered") {
      entry.state = "evaluating"; // a cycle sees the exports as far as they have come
      const module = { exports: entry.exports };
      try {
        entry.factory(self, requireWithin, importDefault, evaluateExports, requireLazy, module, entry.exports);
      } catch (error) {
        entry.state = "failed";
        entry.failure = error;
        throw error;
      }
      entry.exports = module.exports;
      entry.defaultExport = bareDefaultOrExports(entry.exports);
      entry.state = "ready";
      entry.factoryFinished = true; // the real loader's own mark
    }
    return entry;
  }

  function evaluateExports(id) {
    return evaluate(id).exports;
  }

  function bareDefaultOrExports(exports) {
    const names = Object.keys(exports);
    return names.length === 1 && names[0] === "default" ? exports.default : exports;
  }

  function requireWithin(id) {
    return bareDefaultOrExports(evaluateExports(id));
  }

  function importDefault(id) {
    const exports = evaluateExports(id);
    return "default" in exports ? exports.default : exports;
  }

  // Asked for by wa-js in case there is one: the real page has none either, so nothing is missed.
  const NOT_THERE_EITHER = new Set(["WAWebReact"]);
  // What was asked for in vain while modules were still being registered; null once all are there.
  let asked = new Set();

  const isMissed = (id) => !modules.has(id) && !NOT_THERE_EITHER.has(id);

  /* Before all modules are there it is as on the real page: nobody knows yet whether one is missed or only late. */
  function unknown(id) {
    const why = asked === null && isMissed(id) ? ": this local WhatsApp Web does not imitate it" : "";
    return new Error(`Requiring unknown module "${id}"${why}`);
  }

  // Many a library swallows the error that follows: the server is told, so that its owner learns of it.
  function noteIfMissed(id) {
    if (isMissed(id)) evaluateExports("SandboxNotImitated").note(`module ${id}`);
  }

  function comesLate({ module, seconds }) {
    setTimeout(() => {
      hidden.delete(module);
      if (modules.has(module)) modulesMap[module] = modules.get(module);
    }, seconds * 1000);
  }

  /* As on a page that goes on loading: one more module, and another, for so long. */
  function trickle({ seconds, every_seconds: every }) {
    let count = 0;
    const timer = setInterval(() => {
      define(`SandboxTrickle${(count += 1)}`, [], () => {});
      if (count * every >= seconds) clearInterval(timer);
    }, every * 1000);
  }

  /* All modules are registered, but for those that come late. */
  function complete() {
    const early = asked;
    asked = null;
    for (const id of early) noteIfMissed(id);
    late.filter(meetsUs).forEach(comesLate);
    trickles.filter(meetsUs).slice(0, 1).forEach(trickle);
  }

  function refuseUnknown(id) {
    if (!hidden.has(id) && modules.has(id)) return;
    if (asked === null) noteIfMissed(id);
    else asked.add(id);
    throw unknown(id);
  }

  function requireFromOutside(id) {
    refuseUnknown(id);
    return requireWithin(id);
  }

  function importNamespace(id) {
    refuseUnknown(id);
    return evaluateExports(id);
  }

  function requireLazy(ids, callback) {
    callback(...ids.map(requireFromOutside));
  }

  define("__debug", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
    exports.modulesMap = modulesMap;
  });

  // wa-js tests every export against these two classes, so that it can step over components.
  define("react", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
    exports.Component = class Component {};
    exports.PureComponent = class PureComponent {};
  });

  define("SandboxModules", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
    exports.complete = complete;
  });

  // Every lookup of wa-js calls this first; without it each of them answers null.
  self.ErrorGuard = { skipGuardGlobal() {} };
  self.importNamespace = importNamespace;
  self.importDefault = importDefault;
  self.requireLazy = requireLazy;
  // These two last: a library that was injected before the page waits for them to appear.
  self.require = requireFromOutside;
  self.__d = define;
})();
