/*
 * What the owner of this account has set for a chat: archived, pinned, muted. Kept in the chat's record.
 */
"use strict";

__d("WAWebSetArchiveChatAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { note } = require("SandboxChatRecords");

  exports.setArchive = async (chat, archive) => {
    await note(chat, { archive });
    chat.archive = archive;
  };
});

__d("WAWebSetPinChatAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { note } = require("SandboxChatRecords");
  const { unixTime } = require("WATimeUtils");

  /* The moment when it was pinned, or 0. */
  exports.setPin = async (chat, on) => {
    const pin = on ? unixTime() : 0;
    await note(chat, { pin });
    chat.pin = pin;
  };
});

__d("SandboxChatMute", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");

  class Mute extends BaseModel {
    #chat;

    constructor(chat) {
      super({ id: chat.id, expiration: 0 });
      this.#chat = chat;
    }

    get isMuted() {
      return this.expiration !== 0;
    }

    canMute() {
      return true;
    }

    /* Until a moment of Unix time; -1 is for ever. */
    async mute({ expiration }) {
      await require("SandboxChatRecords").note(this.#chat, { muted: expiration });
      this.expiration = expiration;
    }

    unmute() {
      return this.mute({ expiration: 0 });
    }
  }

  defineModel(Mute, "mute", ["id", "expiration"]);
  exports.Mute = Mute;
});
