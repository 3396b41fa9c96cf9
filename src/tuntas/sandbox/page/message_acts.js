/*
 * What is done to messages after they were sent, by this device and by others: edits, revocations, stars, pins,
 * forwarding, and the hint that somebody is typing. What is added to them is in addons.js.
 *
 * The record on disk is the truth; a model is changed only where it is in memory.
 */
"use strict";

__d("SandboxMessageActs", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { change } = require("SandboxMessageStore");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { identity } = require("SandboxIdentity");
  const { personWid, widAt } = require("SandboxAddresses");
  const { isToMany, keyAt } = require("SandboxMessageRecords");
  const MsgKey = require("WAWebMsgKey");

  /* Do something to a message as this device: the server first, as it may refuse. */
  async function act(message, deed) {
    const answer = await transport.request({ kind: "act", id: message.id.id, act: deed });
    if (!answer.ok) throw new Error(`the server refused to ${deed.do}: ${answer.error}`);
  }

  const later = async ({ remote, participant }) =>
    new MsgKey({ fromMe: true, remote, participant, id: await MsgKey.newId() });

  async function edited(key, text, editKey) {
    await change(key, (record) => ({ ...record, text }));
    const message = MsgCollection.get(key);
    message?.set({ [message.mediaData === undefined ? "body" : "caption"]: text, latestEditMsgKey: editKey });
  }

  async function revoked(key) {
    if (key.remote.isStatus()) return deleted(key);
    await change(key, ({ quoted: _quoted, ...record }) => ({ ...record, text: "", content: {}, revoked: true }));
    MsgCollection.get(key)?.set({ type: "revoked", body: "" });
  }

  async function starred(key, on) {
    await change(key, (record) => ({ ...record, star: on }));
    MsgCollection.get(key)?.set({ star: on });
  }

  async function deleted(key) {
    await require("SandboxMessageStore").remove(key);
    const message = MsgCollection.get(key);
    if (message !== undefined) for (const collection of [...message.collections]) collection.remove(message);
  }

  /* Something that was done elsewhere, as the server tells it. */
  async function take({ id, message, by, act: deed, timestamp }) {
    const fromMe = message.from === identity.me.number;
    const chat = fromMe || isToMany(widAt(message.to)) ? message.to : message.from;
    const key = keyAt(chat, message.id, { fromMe, sender: message.from });
    const ownKey = keyAt(chat, id, { fromMe: by === identity.me.number, sender: by });
    const { remote } = key;
    const sender = personWid(by);
    switch (deed.do) {
      case "edit":
        return edited(key, deed.text, ownKey);
      case "revoke":
        // wa-js reads revocations out of this very call.
        return MsgCollection.processMultipleMessages(remote, [
          {
            id: ownKey,
            type: "protocol",
            subtype: "sender_revoke",
            protocolMessageKey: key,
            t: Math.floor(timestamp / 1000),
            from: isToMany(remote) ? remote : sender,
            to: fromMe ? remote : personWid(identity.me.number),
            author: sender,
            isNewMsg: true,
          },
        ]);
      case "star":
        return starred(key, deed.on);
      case "pin":
        return require("WAWebPinInChatCollection").PinInChatCollection.note(key, deed.on);
      case "react":
        return require("SandboxAddons").takeReaction({ key, ownKey, sender, text: deed.text, timestamp });
      case "vote":
        return require("SandboxAddons").takeVote({ key, ownKey, sender, options: deed.options, timestamp });
      case "respond":
        return require("SandboxAddons").takeResponse({ key, ownKey, sender, response: deed.response, timestamp });
      default:
        throw new Error(`the server told of an act "${deed.do}" that this page does not know`);
    }
  }

  exports.act = act;
  exports.take = take;
  exports.later = later;
  exports.edited = edited;
  exports.revoked = revoked;
  exports.starred = starred;
  exports.deleted = deleted;
});

__d("WAWebPinMsgConstants", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.PIN_STATE = Object.freeze({ INVALID: 0, PIN: 1, UNPIN: 2 });
  const durations = ["FiveSeconds", "FifteenSeconds", "OneMinute", "OneDay", "SevenDays", "ThirtyDays"];
  // A pin stays until it is taken away; whatsapp-web.js puts its own function here for a moment.
  exports.getPinExpiryDuration = () => 0;
  exports.PinExpiryDurationOption = Object.freeze(Object.fromEntries(durations.map((name) => [name, name])));
});

__d("WAWebPinInChatCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel } = require("WAWebBaseModel");
  const { PIN_STATE } = require("WAWebPinMsgConstants");

  class PinInChatCollection extends BaseCollection {
    /* Pins are filed under the message that is pinned. */
    getByParentMsgKey(key) {
      return this.get(key);
    }

    note(key, on) {
      this.add({ id: key, parentMsgKey: key }).set({ pinType: on ? PIN_STATE.PIN : PIN_STATE.UNPIN });
    }
  }

  // Only the instance: where a class is exported too, wa-js prefers it.
  exports.PinInChatCollection = new PinInChatCollection(BaseModel);
});

__d("WAWebSendPinMessageAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { PIN_STATE } = require("WAWebPinMsgConstants");
  const { SendMsgResult } = require("WAWebSendMsgResultAction");
  const { act } = require("SandboxMessageActs");

  exports.sendPinInChatMsg = async (message, type) => {
    const on = type === PIN_STATE.PIN;
    await act(message, { do: "pin", on });
    require("WAWebPinInChatCollection").PinInChatCollection.note(message.id, on);
    return { messageSendResult: SendMsgResult.OK };
  };
});

__d("WAWebSendMessageEditAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { act, edited, later } = require("SandboxMessageActs");

  exports.addAndSendMessageEdit = async (message, raw) => {
    await act(message, { do: "edit", text: raw.body });
    await edited(message.id, raw.body, raw.latestEditMsgKey);
  };
  exports.sendMessageEdit = async (message, text) => {
    await act(message, { do: "edit", text });
    await edited(message.id, text, await later(message.id));
  };
});

__d("SandboxMessageCommands", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { act, revoked, deleted, starred } = require("SandboxMessageActs");

  async function each(messages, work) {
    for (const message of messages) await work(message);
  }

  function star(chat, messages, on) {
    chat.promises.sendStarMsgs = each(messages, async (message) => {
      await act(message, { do: "star", on });
      await starred(message.id, on);
    });
    return chat.promises.sendStarMsgs;
  }

  exports.sendStarMsgs = (chat, messages) => star(chat, messages, true);
  exports.sendUnstarMsgs = (chat, messages) => star(chat, messages, false);
  exports.sendRevokeMsgs = (_chat, { list }) =>
    each(list, async (message) => {
      await act(message, { do: "revoke" });
      await revoked(message.id);
    });
  exports.sendDeleteMsgs = (_chat, { list }) => each(list, (message) => deleted(message.id));
});

__d("WAWebMsgReply", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.canReplyMsg = (message) => message.type !== "revoked";
});

__d("WAWebMsgActionCapability", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.canEditText = (message) => message.id.fromMe && message.type === "chat";
  exports.canEditCaption = () => false;
  exports.canStarMsg = (message) => message.type !== "revoked";
  exports.canAdminRevokeMsg = () => false;
  exports.canSenderRevokeMsg = (message) => message.id.fromMe && message.type !== "revoked";
});

__d("WAWebChatForwardMessage", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { unixTime } = require("WATimeUtils");
  const { keyAt } = require("SandboxMessageRecords");
  const { addressOf } = require("SandboxAddresses");
  const { ACK } = require("WAWebAck");
  const MsgKey = require("WAWebMsgKey");

  const CARRIED = ["type", "body", "caption", "lat", "lng", "loc", "vcardFormattedName", "vcardList", "pollName"];
  const MORE = ["pollOptions", "pollSelectableOptionsCount", "mimetype", "filename", "size", "directPath", "filehash"];

  async function forwardOne(chat, message) {
    const { addAndSendMsgToChat } = require("WAWebSendMsgChatAction");
    const names = [...CARRIED, ...MORE, "mediaData", "mediaObject"];
    const carried = Object.fromEntries(
      names.filter((name) => message[name] !== undefined).map((name) => [name, message[name]]),
    );
    const raw = {
      ...carried,
      id: keyAt(addressOf(chat.id), await MsgKey.newId(), { fromMe: true }),
      t: unixTime(),
      from: require("WAWebUserPrefsMeUser").getMaybeMePnUser(),
      to: chat.id,
      self: "out",
      ack: ACK.CLOCK,
      isNewMsg: true,
      isForwarded: true,
    };
    const [, result] = await addAndSendMsgToChat(chat, raw);
    return result;
  }

  exports.forwardMessages = ({ chat, msgs }) => Promise.all(msgs.map((message) => forwardOne(chat, message)));
});

__d("WAWebPresenceChatAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { addressOf } = require("SandboxAddresses");
  const tell = (state) => async (chat) => transport.tell({ kind: "typing", chat: addressOf(chat.id), state });

  exports.markComposing = tell("composing");
  exports.markPaused = tell("paused");
  exports.markRecording = tell("recording");
  exports.sendPresenceAvailable = () => require("WAWebStreamModel").Stream.markAvailable();
  exports.sendPresenceUnavailable = () => require("WAWebStreamModel").Stream.markUnavailable();
});
