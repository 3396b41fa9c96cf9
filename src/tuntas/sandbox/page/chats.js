/*
 * Chats: one for each other phone this device has exchanged messages with, or was asked to write to.
 */
"use strict";

__d("WAWebChatModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");
  const { ChatMsgsCollection } = require("WAWebChatMsgsCollection");

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
      this.mute = { id: this.id, expiration: 0, isMuted: false };
      this.promises = {};
    }

    defaults() {
      return { unreadCount: 0, archive: false, pin: 0, isReadOnly: false, canSend: true, active: false };
    }

    get contact() {
      return require("WAWebContactCollection").ContactCollection.get(this.id);
    }

    get formattedTitle() {
      return this.contact?.name ?? `+${this.id.user}`;
    }

    title() {
      return this.formattedTitle;
    }
  }

  const attributes = ["id", "t", "unreadCount", "lastReceivedKey", "archive", "pin", "active", "isReadOnly", "canSend"];
  defineModel(ChatModel, "chat", attributes);
  exports.default = ChatModel;
});

__d("WAWebChatCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const ChatModel = require("WAWebChatModel");
  const { getPhoneNumber } = require("WAWebApiContact");

  class ChatCollectionImpl extends BaseCollection {
    constructor() {
      super(ChatModel);
    }

    /* A chat is filed under the phone number; whoever asks by the hidden id means the same chat. */
    get(id) {
      return super.get(id) ?? super.get(getPhoneNumber(id?._serialized ?? id));
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

  function filedUnder(wid) {
    if (wid.isGroup()) throw new NotImitatedError("groups");
    if (!wid.isUser()) throw new NotImitatedError(`chats at ${wid.server}`);
    if (!wid.isLid()) return asUserWidOrThrow(wid);
    const number = getPhoneNumber(wid);
    if (number === undefined) throw new Error(`no phone number is known for ${wid}`);
    return number;
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
  exports.getShouldAppearInList = () => true;
  exports.getPreviewMessage = (chat) => chat.msgs.last();
  exports.getShowChangeNumberNotification = () => false;
  exports.getShouldShowUnreadDivider = (chat) => chat.unreadCount > 0;
});

__d("WAWebUpdateUnreadChatAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { write } = require("SandboxStorage");

  async function remember(chat, unreadCount) {
    chat.unreadCount = unreadCount;
    await write(["chat"], async (chats) => {
      const { promised } = require("SandboxStorage");
      const record = await promised(chats.get(chat.id.user));
      if (record !== undefined) chats.put({ ...record, unread: unreadCount });
    });
  }

  /* Tell the senders that everything in the chat has been read. */
  async function sendSeen({ chat }) {
    if (chat.unreadCount === 0) return;
    await remember(chat, 0);
    await transport.request({ kind: "read", chat: chat.id.user });
  }

  exports.sendSeen = sendSeen;
  exports.markUnread = (chat, unread) => remember(chat, unread ? -1 : 0);
  /* Another device of the same phone has read the chat. */
  exports.markSeenElsewhere = (chat) => remember(chat, 0);
});

__d("WAWebCreateChat", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { notImitated } = require("SandboxNotImitated");
  exports.createChat = notImitated("creating chat records by hand");
  exports.createChatRecord = notImitated("creating chat records by hand");
});

__d("WAWebChatListFilters", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
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
