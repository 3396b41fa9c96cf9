/*
 * Who is online and who writes: told by the server for those this page has subscribed to, and kept in memory only.
 */
"use strict";

// The classes have names of their own: where wa-js finds `PresenceCollectionImpl`, it takes the class for the store.
__d("WAWebPresenceCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel, defineModel } = require("WAWebBaseModel");
  const { createWid } = require("WAWebWidFactory");

  class Chatstate extends BaseModel {}
  defineModel(Chatstate, "chatstate", ["id", "type", "t", "deny"]);

  class Presence extends BaseModel {
    constructor(values) {
      super(values);
      this.chatstate = new Chatstate({ id: this.id });
      this.chatstates = new BaseCollection(Chatstate);
    }

    defaults() {
      return { isOnline: false, hasData: false, isSubscribed: false };
    }

    get isGroup() {
      return this.id.isGroup();
    }

    get isUser() {
      return this.id.isUser();
    }
  }
  defineModel(Presence, "presence", ["id", "isOnline", "hasData", "isSubscribed"]);

  class PresenceCollectionImpl extends BaseCollection {
    constructor() {
      super(Presence);
    }

    async find(id) {
      return this.add({ id: createWid(id) });
    }
  }

  exports.PresenceCollection = new PresenceCollectionImpl();
});

__d("SandboxPresence", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { PresenceCollection } = require("WAWebPresenceCollection");
  const { createWid } = require("WAWebWidFactory");
  const { personWid } = require("SandboxAddresses");
  const { transport } = require("SandboxTransport");
  const TYPES = { recording: "recording_audio", paused: "available" };

  /* `chat` is where somebody writes or records; nothing for who only comes or goes. */
  exports.take = ({ number, state, chat, last_seen: lastSeen }) => {
    const inGroup = chat?.endsWith("@g.us") ?? false;
    const person = personWid(number);
    const presence = PresenceCollection.add({ id: inGroup ? createWid(chat) : person });
    const type = TYPES[state] ?? state;
    presence.set({ hasData: true, isOnline: inGroup || state !== "unavailable" });
    presence.chatstate.set({ type, t: state === "unavailable" ? (lastSeen ?? undefined) : undefined });
    if (inGroup) presence.chatstates.add({ id: person }).set({ type });
    PresenceCollection.trigger("change:chatstate.type", presence.chatstate);
  };

  exports.showOwn = (available) => transport.request({ kind: "show_presence", available });
});

__d("WAWebContactPresenceBridge", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { PresenceCollection } = require("WAWebPresenceCollection");
  const { addressOf } = require("SandboxAddresses");
  const { transport } = require("SandboxTransport");

  async function subscribe(wid) {
    const answer = await transport.request({ kind: "subscribe", address: addressOf(wid) });
    if (answer.ok) (await PresenceCollection.find(wid)).isSubscribed = true;
  }

  exports.subscribeUserPresence = subscribe;
  exports.subscribeGroupPresence = subscribe;
});
