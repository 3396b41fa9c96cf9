/*
 * Addresses: `628111000111@c.us` for a person, `…@lid` for the same person under a hidden id, `…@g.us` for a group.
 *
 * A Wid turns into its string in JSON; whatsapp-web.js hands ids to its Node side that way.
 */
"use strict";

__d("WAWebWid", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const SERVERS = new Set(["c.us", "lid", "g.us", "broadcast", "newsletter", "bot"]);

  function partsOf(text) {
    const match = /^([\w.-]+)(?::(\d+))?@([\w.]+)$/.exec(text);
    if (match === null) return null;
    const server = match[3] === "s.whatsapp.net" ? "c.us" : match[3];
    if (!SERVERS.has(server)) return null;
    if ((server === "c.us" || server === "lid") && !/^\d+$/.test(match[1])) return null;
    return { user: match[1], device: match[2], server };
  }

  class Wid {
    constructor(text) {
      const parts = partsOf(text);
      if (parts === null) throw new Error(`wid error: invalid wid "${text}"`);
      this.server = parts.server;
      this.user = parts.user;
      if (parts.device !== undefined) this.device = Number(parts.device);
      const device = parts.device === undefined ? "" : `:${parts.device}`;
      this._serialized = `${parts.user}${device}@${parts.server}`;
    }

    toString() {
      return this._serialized;
    }

    toJSON() {
      return this._serialized;
    }

    toJid() {
      return this.server === "c.us" ? `${this.user}@s.whatsapp.net` : this._serialized;
    }

    equals(other) {
      return other !== null && other !== undefined && String(other._serialized ?? other) === this._serialized;
    }

    isSameAccount(other) {
      return other?.user === this.user && other?.server === this.server;
    }

    getDeviceId() {
      return this.device ?? 0;
    }

    isUser() {
      return this.server === "c.us" || this.server === "lid" || this.server === "bot";
    }

    isRegularUser() {
      return this.server === "c.us" || this.server === "lid";
    }

    isLid() {
      return this.server === "lid";
    }

    isGroup() {
      return this.server === "g.us";
    }

    isNewsletter() {
      return this.server === "newsletter";
    }

    isBroadcast() {
      return this.server === "broadcast" && this.user !== "status";
    }

    isStatus() {
      return this._serialized === "status@broadcast";
    }

    isStatusV3() {
      return this.isStatus();
    }

    isBot() {
      return this.server === "bot";
    }

    isPSA() {
      return this._serialized === "0@c.us";
    }

    isServer() {
      return false;
    }

    isCompanion() {
      return this.device !== undefined && this.device !== 0;
    }

    static canBeWid(value) {
      return typeof value === "string" && partsOf(value) !== null;
    }

    static isWid(value) {
      return value instanceof Wid || Wid.canBeWid(value);
    }

    static isXWid(server, value) {
      return value instanceof Wid ? value.server === server : partsOf(String(value))?.server === server;
    }

    static isUser(value) {
      return Wid.isXWid("c.us", value) || Wid.isXWid("lid", value);
    }

    static isLid(value) {
      return Wid.isXWid("lid", value);
    }

    static isGroup(value) {
      return Wid.isXWid("g.us", value);
    }

    static isNewsletter(value) {
      return Wid.isXWid("newsletter", value);
    }

    static isBroadcast(value) {
      return Wid.isXWid("broadcast", value) && !Wid.isStatusV3(value);
    }

    static isStatus(value) {
      return String(value) === "status@broadcast";
    }

    static isStatusV3(value) {
      return Wid.isStatus(value);
    }

    static equals(one, other) {
      return String(one) === String(other);
    }
  }

  exports.default = Wid;
});

__d("WAWebWidFactory", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const Wid = require("WAWebWid");

  function isWidlike(value) {
    return value instanceof Wid || (typeof value?.user === "string" && typeof value?.server === "string");
  }

  function createWid(text) {
    return new Wid(String(text));
  }

  function createWidFromWidLike(value) {
    if (value instanceof Wid) return value;
    return isWidlike(value) ? new Wid(`${value.user}@${value.server}`) : createWid(value?._serialized ?? value);
  }

  /* wa-js hands in `123@lid` with server `lid` as well as the bare user. */
  function createUserWidOrThrow(user, server = "c.us") {
    return new Wid(`${String(user).split("@", 1)[0]}@${server}`);
  }

  function asUserWidOrThrow(wid) {
    if (!wid.isUser()) throw new Error(`wid error: "${wid}" is not a user`);
    return wid.device === undefined ? wid : createUserWidOrThrow(wid.user, wid.server);
  }

  exports.isWidlike = isWidlike;
  exports.createWid = createWid;
  exports.createWidFromWidLike = createWidFromWidLike;
  exports.createUserWidOrThrow = createUserWidOrThrow;
  exports.asUserWidOrThrow = asUserWidOrThrow;
});
