/*
 * The profile's IndexedDB: what this device was told lies in `model-storage`, its login keys in `signal-storage`.
 *
 * Keys get the strict durability, messages the relaxed one: both outlive a SIGKILL of the browser. Who this device is
 * stands in localStorage, which Chromium writes seconds late; see keys.js.
 */
"use strict";

__d("SandboxStorage", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const VERSION = 1;
  // What the control API has made of the disk.
  const failures = { opening: false, writing: false };

  function promised(request) {
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  function finished(transaction) {
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
    });
  }

  class Storage {
    #name;
    #make;
    #durability;
    #opening = null;

    /* `make` creates the stores of a new database. */
    constructor(name, make, durability) {
      this.#name = name;
      this.#make = make;
      this.#durability = durability;
    }

    open() {
      if (failures.opening) return Promise.reject(new DOMException("Internal error opening backing store.", "UnknownError"));
      this.#opening ??= (() => {
        const request = indexedDB.open(this.#name, VERSION);
        request.onupgradeneeded = () => this.#make(request.result);
        return promised(request);
      })();
      return this.#opening;
    }

    /* Run `work(...stores)` in one transaction and resolve with what it returned, once everything is committed. */
    async write(names, work) {
      if (failures.writing) throw new DOMException("The disk is full.", "QuotaExceededError");
      const database = await this.open();
      const transaction = database.transaction(names, "readwrite", { durability: this.#durability });
      const [result] = await Promise.all([
        work(...names.map((name) => transaction.objectStore(name))),
        finished(transaction),
      ]);
      return result;
    }

    async read(names, work) {
      const database = await this.open();
      const transaction = database.transaction(names, "readonly");
      return work(...names.map((name) => transaction.objectStore(name)));
    }

    async clear() {
      const names = [...(await this.open()).objectStoreNames];
      await this.write(names, (...stores) => stores.forEach((store) => store.clear()));
    }
  }

  const models = new Storage(
    "model-storage",
    (database) => {
      database.createObjectStore("chat", { keyPath: "number" });
      database.createObjectStore("contact", { keyPath: "number" });
      const messages = database.createObjectStore("message", { keyPath: "id" });
      messages.createIndex("by_chat", ["chat", "order"]);
      messages.createIndex("by_ack", ["outgoing", "ack"]);
    },
    "relaxed",
  );
  const signal = new Storage("signal-storage", (database) => database.createObjectStore("signal-meta-store"), "strict");

  exports.failures = failures;
  exports.promised = promised;
  exports.models = models;
  exports.signal = signal;
  exports.read = (...values) => models.read(...values);
  exports.write = (...values) => models.write(...values);
  /* Forget everything: keys, chats, messages. */
  exports.clear = () => Promise.all([signal.clear(), models.clear()]);
});
