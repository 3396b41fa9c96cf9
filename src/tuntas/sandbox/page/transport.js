/*
 * The wire to the sandbox server: one WebSocket, JSON texts, opened again after every loss with growing pauses.
 *
 * Frames from the server become events of the same name. `request` resolves with the server's answer; a request that
 * was cut off by a lost connection is sent again after the next one is up, so the server must treat its id as
 * idempotent. While nothing happens this file holds no timer at all.
 */
"use strict";

__d("SandboxTransport", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");
  const FIRST_PAUSE_MILLISECONDS = 500;
  const LONGEST_PAUSE_MILLISECONDS = 30_000;

  class Transport extends EventEmitter {
    #socket = null;
    #ready = false;
    #failures = 0;
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
      this.#socket?.close();
    }

    /* As if the connection had been lost. */
    reconnect() {
      this.#socket?.close();
    }

    /* After the server has said who we are, requests may flow: those that were cut off go first. */
    markReady() {
      this.#ready = true;
      this.#failures = 0;
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
      });
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
        waiting?.resolve(frame);
        return;
      }
      this.trigger(frame.kind, frame);
    }

    #lost() {
      this.#ready = false;
      if (this.#stopped) return;
      this.trigger("lost");
      const pause = Math.min(LONGEST_PAUSE_MILLISECONDS, FIRST_PAUSE_MILLISECONDS * 2 ** this.#failures++);
      // Half of the pause is chance, so that many pages do not all come back in one moment.
      setTimeout(() => this.#stopped || this.#open(), pause / 2 + (pause / 2) * Math.random());
    }
  }

  exports.transport = new Transport();
});
