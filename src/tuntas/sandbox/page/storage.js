/*
 * The device's memory: one IndexedDB database in the profile. It is the authority on who this device is.
 *
 * Chromium writes localStorage to disk seconds late, so a killed browser forgets it; a committed IndexedDB
 * transaction survives. Who this device is gets the strict durability, messages the relaxed one: both outlive a
 * SIGKILL of the browser.
 */
"use strict";

__d("SandboxStorage", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const NAME = "model-storage";
  const VERSION = 1;
  let opening = null;

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

  function open() {
    opening ??= (() => {
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        const database = request.result;
        database.createObjectStore("device");
        database.createObjectStore("chat", { keyPath: "number" });
        database.createObjectStore("contact", { keyPath: "number" });
        const messages = database.createObjectStore("message", { keyPath: "id" });
        messages.createIndex("by_chat", ["chat", "order"]);
        messages.createIndex("by_ack", ["outgoing", "ack"]);
      };
      return promised(request);
    })();
    return opening;
  }

  /* Run `work(...stores)` in one transaction and resolve with what it returned, once everything is committed. */
  async function write(names, work, durability = "relaxed") {
    const database = await open();
    const transaction = database.transaction(names, "readwrite", { durability });
    const [result] = await Promise.all([
      work(...names.map((name) => transaction.objectStore(name))),
      finished(transaction),
    ]);
    return result;
  }

  async function read(names, work) {
    const database = await open();
    const transaction = database.transaction(names, "readonly");
    return work(...names.map((name) => transaction.objectStore(name)));
  }

  /* Forget everything at once: keys, owner, chats, messages. */
  async function clear() {
    const names = ["device", "chat", "contact", "message"];
    await write(names, (...stores) => stores.forEach((store) => store.clear()), "strict");
  }

  exports.promised = promised;
  exports.read = read;
  exports.write = write;
  exports.clear = clear;
});
