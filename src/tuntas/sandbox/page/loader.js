/*
 * The module loader: the ground everything else stands on, and the surface third-party libraries look at first.
 *
 * Modules are registered with `__d(id, deps, factory)` and evaluated at their first `require`. Libraries see three
 * views of a module: `require(id)` (the bare default where that is all there is, else the exports),
 * `importNamespace(id)` (always the exports, the very same object each time, because libraries overwrite functions
 * on it), and the ids in `require("__debug").modulesMap`.
 *
 * A module that the control API "removed" stays usable for this page's own modules and is invisible from outside,
 * as when WhatsApp renames a module: the page goes on working, the library does not find its name.
 *
 * Asking for an id that does not exist throws and names it. Nothing here may ever answer with an empty stand-in.
 */
"use strict";

(() => {
  const modules = new Map();
  const modulesMap = {};
  const removed = new Set(self.sandboxSettings.removed_modules);

  function define(id, _dependencies, factory) {
    if (modules.has(id)) throw new Error(`module "${id}" is defined twice`);
    const entry = { id, factory, exports: {}, state: "registered", failure: null };
    modules.set(id, entry);
    if (!removed.has(id)) modulesMap[id] = entry;
  }

  function evaluate(id) {
    const entry = modules.get(id);
    if (entry === undefined) {
      throw new Error(`Requiring unknown module "${id}": this local WhatsApp Web does not imitate it`);
    }
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
      entry.state = "ready";
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

  function refuseUnknown(id) {
    if (removed.has(id)) throw new Error(`Requiring unknown module "${id}"`);
    // Many a library swallows the error that follows: the server is told, so that its owner learns of it.
    if (!modules.has(id)) evaluateExports("SandboxNotImitated").note(`module ${id}`);
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
  // Its first name is WhatsApp's own, the second everybody's.
  define("WAWebReact", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
    exports.Component = class Component {};
    exports.PureComponent = class PureComponent {};
  });
  define("react", [], (_global, require, _default, _namespace, _lazy, module) => {
    module.exports = require("WAWebReact");
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
