/*
 * Status posts: messages to an address of their own, which everybody sees whom their sender knows.
 *
 * They are filed by who posted them. What is older than a day is not shown after a start any more.
 */
"use strict";

__d("WAJids", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.STATUS_JID = "status@broadcast";
});

__d("WARandomHex", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  /* `size` bytes. */
  exports.randomHex = (size) =>
    Array.from(crypto.getRandomValues(new Uint8Array(size)), (byte) => byte.toString(16).padStart(2, "0"))
      .join("")
      .toUpperCase();
});

__d("WAWebStatusCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel, defineModel } = require("WAWebBaseModel");
  const { ChatMsgsCollection } = require("WAWebChatMsgsCollection");
  const { MsgCollection } = require("WAWebMsgCollection");

  /* The posts of one person. */
  class StatusModel extends BaseModel {
    msgs = new ChatMsgsCollection(this);

    revokeMsgs(ids) {
      for (const id of ids) {
        this.msgs.remove(id);
        MsgCollection.remove(id);
      }
    }
  }
  defineModel(StatusModel, "status", ["id", "t", "totalCount", "unreadCount", "lastReceivedKey"]);

  class StatusCollectionImpl extends BaseCollection {
    constructor() {
      super(StatusModel);
    }

    hasSynced() {
      return true;
    }

    getMyStatus() {
      return this.get(require("WAWebUserPrefsMeUser").getMaybeMePnUser());
    }

    async find(id) {
      return this.add({ id: require("WAWebWidFactory").createWid(id) });
    }

    async addStatusMessages(id, messages) {
      this.add({ id }).msgs.add(messages);
    }

    handleUpdate() {
      return true;
    }
  }

  // Only the instance: where a class is exported too, wa-js prefers it.
  exports.StatusCollection = new StatusCollectionImpl();
});

__d("SandboxStatus", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { StatusCollection } = require("WAWebStatusCollection");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { Msg: MsgModel } = require("WAWebMsgModel");
  const { getMaybeMePnUser } = require("WAWebUserPrefsMeUser");
  const { unixTime } = require("WATimeUtils");
  const MsgKey = require("WAWebMsgKey");
  const LIFETIME_SECONDS = 86_400;
  const KEPT = 200;

  /* File a post under who made it, and say that it is there. */
  function file(message) {
    const status = StatusCollection.add({ id: message.author });
    status.msgs.add(message);
    status.set({ t: message.t, lastReceivedKey: message.id });
    return message;
  }

  function show(attributes) {
    return file(MsgCollection.add(new MsgModel(attributes)));
  }

  /* What is left of the last day, up to the newest one, whose id is given. */
  async function load(newest) {
    const { near, recordsByIds } = require("SandboxMessageStore");
    const { attributesOf } = require("SandboxMessageRecords");
    const records = [...(await near(newest, KEPT, "before")), ...(await recordsByIds([newest]))];
    for (const record of records) {
      if (!record.revoked && record.timestamp > unixTime() - LIFETIME_SECONDS) show(attributesOf(record));
    }
  }

  exports.file = file;
  exports.show = show;
  exports.load = load;
  /* Of a post with a file this page makes the message by itself, its id too. */
  exports.newMessage = async (file_, { caption }) => {
    const me = getMaybeMePnUser();
    const remote = require("WAWebWidFactory").createWid(require("WAJids").STATUS_JID);
    return {
      id: new MsgKey({ fromMe: true, remote, id: await MsgKey.newId(), participant: me }),
      filename: file_.filename,
      isCaptionByUser: caption !== undefined,
      t: unixTime(),
      from: me,
      to: remote,
      author: me,
      self: "out",
      ack: require("WAWebAck").ACK.CLOCK,
      isNewMsg: true,
    };
  };
});

__d("WAWebRevokeStatusAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.sendStatusRevokeMsgAction = async (status, message) => {
    await require("SandboxMessageActs").act(message, { do: "revoke" });
    status.revokeMsgs([message.id]);
    await require("SandboxMessageStore").remove(message.id);
  };
});
