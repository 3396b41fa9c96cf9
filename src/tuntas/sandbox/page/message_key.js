/*
 * The id of a message: who sent it, in which chat, and the id the sender gave it.
 *
 * The whole of it as text is in `$1`; pages before version 2.3000.1042401057 had it in `_serialized`. wa-js recognises
 * this class by the words of one error message, and reads the source of `toString` to learn which property holds the
 * text. Neither may be reworded or minified.
 */
"use strict";

__d("WAWebMsgKey", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const { createWidFromWidLike } = require("WAWebWidFactory");
  const TEXT = global.sandboxSettings.old_message_keys ? "_serialized" : "$1";
  const RANDOM_BYTES = 9; // with the web client's own prefix: 22 hexadecimal digits

  function remoteOf(options) {
    if (options.remote !== undefined) return options.remote;
    return options.selfDir === "in" ? options.from : options.to;
  }

  class MsgKey {
    constructor(options) {
      if (options === null || options === undefined) throw new Error("MsgKey error: obj is null/undefined");
      const remote = remoteOf(options);
      if (!remote || !options.id) throw new Error("MsgKey error: remote and id are needed");
      this.fromMe = options.fromMe ?? options.selfDir === "out";
      this.remote = createWidFromWidLike(remote);
      this.id = options.id;
      this.participant = options.participant ? createWidFromWidLike(options.participant) : undefined;
      this[TEXT] = [this.fromMe, this.remote, this.id, this.participant]
        .filter((part) => part !== undefined)
        .join("_");
    }

    toString() {
      return this.$1;
    }

    equals(other) {
      return other instanceof MsgKey && other.toString() === this.toString();
    }

    clone() {
      return new MsgKey(this);
    }

    static fromString(text) {
      const match = /^(true|false)_([^_]+@[^_]+)_([^_]+)(?:_(.+))?$/.exec(String(text));
      if (match === null) throw new Error(`MsgKey error: "${text}" is not a message id`);
      return new MsgKey({ fromMe: match[1] === "true", remote: match[2], id: match[3], participant: match[4] });
    }

    static from(value) {
      return value instanceof MsgKey ? value : MsgKey.fromString(value._serialized ?? value.$1 ?? value);
    }

    static async newId() {
      const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
      return `3EB0${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`.toUpperCase();
    }
  }

  if (global.sandboxSettings.old_message_keys) {
    MsgKey.prototype.toString = function () {
      return this._serialized;
    };
  }

  exports.default = MsgKey;
});
