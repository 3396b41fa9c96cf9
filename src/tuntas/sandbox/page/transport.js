/*
 * The wire to the sandbox server: one WebSocket, JSON texts, opened again after every loss, with pauses that grow as
 * Fibonacci's numbers do, from a second to a quarter of an hour, as on the real page.
 *
 * Frames from the server become events of the same name. `request` resolves with the server's answer; a request that
 * was cut off by a lost connection is sent again after the next one is up, so the server must treat its id as
 * idempotent. While nothing happens this file holds no timer at all.
 */
"use strict";

__d("SandboxTransport", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");
  const LONGEST_PAUSE_MILLISECONDS = 900_000;
  const DEAD_SOCKET_MILLISECONDS = 20_000;
  const JITTER = 0.1;

  class Transport extends EventEmitter {
    #socket = null;
    #ready = false;
    #pauses = null; // the next two, once a connection was lost
    #timer;
    #watching;
    #nextRequest = 1;
    #waiting = new Map();
    #stopped = false;

    /* `hello` makes the first frame of every connection. */
    start(hello) {
      this.hello = hello;
      this.#open();
    }

    /* Close for good: after a logout, or when another connection of this device has taken over. */
    stop() {
      this.#stopped = true;
      this.#ready = false;
      clearTimeout(this.#timer);
      clearTimeout(this.#watching);
      this.#socket?.close();
      this.trigger("lost");
    }

    /* Open another connection at once, whatever the pauses have grown to. */
    reconnect() {
      if (this.#stopped) return;
      this.#pauses = null;
      clearTimeout(this.#timer);
      const socket = this.#socket;
      if (socket !== null) socket.onclose = socket.onmessage = null;
      socket?.close();
      this.#ready = false;
      this.trigger("lost");
      this.#open();
    }

    /* After the server has said who we are, requests may flow: those that were cut off go first. */
    markReady() {
      this.#ready = true;
      this.#pauses = null;
      for (const { frame } of this.#waiting.values()) this.#write(frame);
    }

    tell(frame) {
      if (this.#socket?.readyState === WebSocket.OPEN) this.#write(frame);
    }

    request(frame) {
      const request = this.#nextRequest++;
      return new Promise((resolve) => {
        const numbered = { ...frame, request };
        this.#waiting.set(request, { frame: numbered, resolve });
        if (this.#ready) this.#write(numbered);
        this.#watch();
      });
    }

    /* A connection on which nothing is answered for so long is dead, whatever it says of itself. */
    #watch() {
      clearTimeout(this.#watching);
      if (this.#waiting.size === 0) return;
      this.#watching = setTimeout(() => this.#ready && this.reconnect(), DEAD_SOCKET_MILLISECONDS);
    }

    #write(frame) {
      this.#socket.send(JSON.stringify(frame));
    }

    #open() {
      this.trigger("opening");
      const address = new URL("/_sandbox/socket", location.href);
      address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      const socket = new WebSocket(address);
      this.#socket = socket;
      socket.onopen = () => {
        this.#write(this.hello());
        this.trigger("open");
      };
      socket.onmessage = (message) => this.#receive(JSON.parse(message.data));
      socket.onclose = () => this.#lost();
    }

    #receive(frame) {
      if (frame.kind === "reply") {
        const waiting = this.#waiting.get(frame.request);
        this.#waiting.delete(frame.request);
        this.#watch();
        waiting?.resolve(frame);
        return;
      }
      this.trigger(frame.kind, frame);
    }

    #lost() {
      this.#ready = false;
      if (this.#stopped) return;
      this.trigger("lost");
      const first = global.sandboxSettings.reconnect_milliseconds;
      const [pause, next] = this.#pauses ?? [first, first];
      this.#pauses = [next, Math.min(LONGEST_PAUSE_MILLISECONDS, pause + next)];
      // Some of the pause is chance, so that many pages do not all come back in one moment.
      this.#timer = setTimeout(() => this.#stopped || this.#open(), pause * (1 - JITTER / 2 + JITTER * Math.random()));
    }
  }

  exports.transport = new Transport();
});
