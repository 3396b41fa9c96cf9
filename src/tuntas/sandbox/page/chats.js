/*
 * Chats: one for each other phone this device has exchanged messages with, or was asked to write to.
 */
"use strict";

__d("WAWebChatModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");
  const { ChatMsgsCollection } = require("WAWebChatMsgsCollection");
  const { Mute } = require("SandboxChatMute");

  class ChatModel extends BaseModel {
    constructor(values) {
      super(values);
      this.msgs = new ChatMsgsCollection(this);
      this.presence = {
        id: this.id,
        hasData: false,
        isOnline: undefined,
        chatstate: {},
        async subscribe() {},
      };
      this.mute = new Mute(this);
      this.promises = {};
    }

    defaults() {
      return { unreadCount: 0, archive: false, pin: 0, isReadOnly: false, canSend: true, active: false };
    }

    get contact() {
      return require("WAWebContactCollection").ContactCollection.get(this.id);
    }

    get groupMetadata() {
      return require("WAWebGroupMetadataCollection").get(this.id);
    }

    /* Follows the contact's name or the group's subject; libraries that set it say nothing new. */
    set formattedTitle(_title) {}

    get formattedTitle() {
      if (this.id.isGroup()) return this.groupMetadata?.subject ?? this.id.user;
      if (this.id.isNewsletter()) return this.newsletterMetadata?.name ?? this.id.user;
      return this.contact?.name ?? `+${this.id.user}`;
    }

    title() {
      return this.formattedTitle;
    }

    iAmAdmin() {
      return Boolean(this.groupMetadata?.participants.iAmAdmin());
    }

    /* What the other one has given for being written to; a stranger has given none. */
    getTcToken() {
      return this.tcToken;
    }

    serialize() {
      return { ...super.serialize(), msgs: this.msgs.serialize() };
    }

    /* Without the messages: this is what goes to a library's own process. */
    toJSON() {
      return super.serialize();
    }
  }

  const attributes = ["id", "t", "unreadCount", "lastReceivedKey", "archive", "pin", "active", "isReadOnly", "canSend", "labels"];
  defineModel(ChatModel, "chat", attributes);
  exports.Chat = ChatModel;
});

__d("WAWebChatCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { Chat: ChatModel } = require("WAWebChatModel");
  const { getPhoneNumber, getCurrentLid } = require("WAWebApiContact");

  class ChatCollectionImpl extends BaseCollection {
    constructor() {
      super(ChatModel);
    }

    /* A chat is filed under the phone number or the hidden id; whoever asks by the other one means the same chat. */
    get(id) {
      const address = id?._serialized ?? id;
      return super.get(id) ?? super.get(getPhoneNumber(address)) ?? super.get(getCurrentLid(address));
    }

    async find(id) {
      const { createWid } = require("WAWebWidFactory");
      return (await require("WAWebFindChatAction").findOrCreateLatestChat(createWid(id))).chat;
    }

    getActive() {
      return this.findFirst((chat) => chat.active);
    }
  }

  // Only the instance: where a class is exported too, wa-js prefers it for several stores.
  exports.ChatCollection = new ChatCollectionImpl();
});

__d("WAWebFindChatAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ChatCollection } = require("WAWebChatCollection");
  const { NotImitatedError } = require("SandboxNotImitated");
  const { getPhoneNumber } = require("WAWebApiContact");
  const { asUserWidOrThrow } = require("WAWebWidFactory");
  const { personWid } = require("SandboxAddresses");

  function filedUnder(wid) {
    if (wid.isGroup()) {
      const metadata = require("WAWebGroupMetadataCollection").get(wid);
      if (metadata === undefined) throw new Error(`this account is in no group ${wid}`);
      return wid;
    }
    if (wid.isStatus()) return wid;
    if (!wid.isUser()) throw new NotImitatedError(`chats at ${wid.server}`);
    const number = wid.isLid() ? getPhoneNumber(wid) : asUserWidOrThrow(wid);
    if (number !== undefined) return personWid(number.user);
    if (require("WAWebContactCollection").ContactCollection.get(wid) === undefined) throw new Error(`nobody is known at ${wid}`);
    return wid;
  }

  async function findOrCreateLatestChat(wid) {
    const id = filedUnder(wid);
    const present = ChatCollection.get(id);
    return { chat: present ?? ChatCollection.add({ id }), created: present === undefined };
  }

  exports.findOrCreateLatestChat = findOrCreateLatestChat;
  exports.findExistingChat = async (wid) => ChatCollection.get(wid);
});

__d("WAWebChatGetters", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.getIsUser = (chat) => chat.id.isUser();
  exports.getIsPSA = (chat) => chat.id.isPSA();
  exports.getIsGroup = (chat) => chat.id.isGroup();
  exports.getIsNewsletter = (chat) => chat.id.isNewsletter();
  exports.getIsBroadcast = (chat) => chat.id.isBroadcast();
  exports.getHasUnread = (chat) => chat.unreadCount !== 0;
});

__d("WAWebFrontendChatGetters", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.getShouldAppearInList = () => true;
  exports.getPreviewMessage = (chat) => chat.msgs.last();
  exports.getShowChangeNumberNotification = () => false;
  exports.getShouldShowUnreadDivider = (chat) => chat.unreadCount > 0;
});

__d("SandboxChatRecords", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { promised, write } = require("SandboxStorage");
  const { addressOf } = require("SandboxAddresses");

  /* Write fields of a chat's record; a chat without messages has none. */
  const note = (chat, fields) =>
    write(["chat"], async (chats) => {
      const record = await promised(chats.get(addressOf(chat.id)));
      if (record !== undefined) chats.put({ ...record, ...fields });
    });

  exports.note = note;
  exports.noteUnread = (chat, unreadCount) => {
    chat.unreadCount = unreadCount;
    return note(chat, { unread: unreadCount });
  };

  exports.forgetMessages = (chat) => {
    const messages = chat.msgs.getModelsArray();
    chat.msgs.remove(messages);
    require("WAWebMsgCollection").MsgCollection.remove(messages);
    chat.unreadCount = 0;
  };

  /* Remove a chat's messages from the store, and its record too unless it `stays`. */
  exports.empty = (chat, { stays }) =>
    write(["message", "chat"], async (messages, chats) => {
      const address = addressOf(chat.id);
      const range = IDBKeyRange.bound([address, 0], [address, Infinity]);
      for (const key of await promised(messages.index("by_chat").getAllKeys(range))) messages.delete(key);
      const record = await promised(chats.get(address));
      if (!stays) chats.delete(address);
      else if (record !== undefined) chats.put({ ...record, last: null, unread: 0 });
    });
});

__d("WAWebDeleteChatAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { empty, forgetMessages } = require("SandboxChatRecords");
  const { ChatCollection } = require("WAWebChatCollection");

  /* wa-js waits for what it finds in `chat.promises`, whatsapp-web.js for what is returned. */
  exports.sendDelete = (chat) => {
    chat.promises.sendDelete = empty(chat, { stays: false }).then(() => {
      forgetMessages(chat);
      ChatCollection.remove(chat);
      return { status: 200 };
    });
    return chat.promises.sendDelete;
  };
});

__d("WAWebSendClearChatAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { empty, forgetMessages } = require("SandboxChatRecords");

  exports.sendClear = (chat) => {
    // wa-js knows this function by a word in its source: WAWebStateUtils.
    chat.promises.sendClear = empty(chat, { stays: true }).then(() => {
      forgetMessages(chat);
      return { status: 200 };
    });
  };
});

__d("WAWebUpdateUnreadChatAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { addressOf } = require("SandboxAddresses");
  const { noteUnread } = require("SandboxChatRecords");

  /* Tell the senders that everything in the chat has been read. */
  async function sendSeen({ chat }) {
    if (chat.unreadCount === 0) return;
    await noteUnread(chat, 0);
    await transport.request({ kind: "read", chat: addressOf(chat.id) });
  }

  exports.sendSeen = sendSeen;
  exports.markUnread = (chat, unread) => noteUnread(chat, unread ? -1 : 0);
});

__d("WAWebCreateChat", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { notImitated } = require("SandboxNotImitated");
  exports.createChat = notImitated("creating chat records by hand");
});

__d("WAWebApiChat", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { notImitated } = require("SandboxNotImitated");
  exports.createChatRecord = notImitated("creating chat records by hand");
});

__d("WAWebChatSearchFilters", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.isFilterExcludedFromSearchTreatmentInInboxFlow = () => false;
});

__d("WAWebChatSearchQuery", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.SearchQuery = class SearchQuery {
    filter = {};

    updateLabelQuery(filter = {}) {
      this.filter = filter;
    }
  };
});
