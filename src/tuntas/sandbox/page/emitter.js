/*
 * The event emitter under every model and collection.
 *
 * Several names may come in one string, separated by spaces; `all` hears everything. A listener that throws is
 * reported to the console and never keeps the others from hearing: one faulty bot script must not stop the page.
 */
"use strict";

__d("WAWebEventEmitter", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  function namesIn(events) {
    return String(events).split(/\s+/).filter(Boolean);
  }

  class EventEmitter {
    #listeners = new Map();
    #watchers = new Set();

    on(events, callback, context) {
      if (typeof callback !== "function") throw new TypeError("Callback parameter passed is not a function");
      for (const name of namesIn(events)) {
        const entries = this.#listeners.get(name) ?? [];
        // A new array each time: a listener may come or go while its event is being delivered.
        this.#listeners.set(name, [...entries, { callback, context, original: callback }]);
      }
      for (const watcher of [...this.#watchers]) watcher();
      return this;
    }

    once(events, callback, context) {
      for (const name of namesIn(events)) {
        const single = (...values) => {
          this.off(name, callback, context);
          callback.apply(context ?? this, values);
        };
        this.on(name, single, context);
        this.#listeners.get(name).at(-1).original = callback;
      }
      return this;
    }

    off(events, callback, context) {
      const names = events ? namesIn(events) : [...this.#listeners.keys()];
      for (const name of names) {
        const kept = (this.#listeners.get(name) ?? []).filter(
          (entry) =>
            (callback && entry.original !== callback && entry.callback !== callback) ||
            (context && entry.context !== context),
        );
        if (kept.length) this.#listeners.set(name, kept);
        else this.#listeners.delete(name);
      }
      return this;
    }

    trigger(events, ...values) {
      for (const name of namesIn(events)) {
        this.#deliver(name, values);
        this.#deliver("all", [name, ...values]);
      }
      return this;
    }

    #deliver(name, values) {
      for (const entry of this.#listeners.get(name) ?? []) {
        try {
          entry.callback.apply(entry.context ?? this, values);
        } catch (error) {
          reportError(error);
        }
      }
    }

    /* Whether anybody listens to `name`; the page's own listeners, known by their contexts, do not count. */
    hasListener(name, own = []) {
      return (this.#listeners.get(name) ?? []).some((entry) => !own.includes(entry.context));
    }

    /* Resolve true as soon as somebody listens to `name`, false when `milliseconds` have passed. Needs no polling. */
    whenListened(name, milliseconds, own = []) {
      if (this.hasListener(name, own)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const finish = (heard) => {
          clearTimeout(timer);
          this.#watchers.delete(watcher);
          resolve(heard);
        };
        const watcher = () => this.hasListener(name, own) && finish(true);
        const timer = setTimeout(finish, milliseconds, false);
        this.#watchers.add(watcher);
      });
    }

    listenTo(other, events, callback) {
      other.on(events, callback, this);
      return this;
    }

    stopListening(other, events, callback) {
      other.off(events, callback, this);
      return this;
    }
  }

  EventEmitter.prototype.addListener = EventEmitter.prototype.on;
  EventEmitter.prototype.removeListener = EventEmitter.prototype.off;
  EventEmitter.prototype.emit = EventEmitter.prototype.trigger;
  exports.default = EventEmitter;
});
