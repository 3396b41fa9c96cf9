/*
 * Files: up to the sandbox's server before their message is sent, down again when somebody asks.
 *
 * Nothing is encrypted, scaled or looked into: what one side sends the other side gets, byte for byte.
 */
"use strict";

__d("WAWebMediaOpaqueData", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.default = class OpaqueData {
    #blob;
    #type;
    #url = null;

    constructor(blob, type) {
      this.#blob = blob;
      this.#type = type;
    }

    get filename() {
      return this.#blob.name;
    }

    static async createFromData(data, type) {
      return new OpaqueData(data instanceof Blob ? data : new Blob([data], { type }), type);
    }

    forceToBlob() {
      return this.#blob;
    }

    size() {
      return this.#blob.size;
    }

    type() {
      return this.#type;
    }

    url() {
      this.#url ??= URL.createObjectURL(this.#blob);
      return this.#url;
    }

    formData() {
      return this.#blob;
    }

    autorelease() {
      if (this.#url !== null) URL.revokeObjectURL(this.#url);
      this.#url = null;
    }
  };
});

__d("SandboxMedia", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  const OpaqueData = require("WAWebMediaOpaqueData");
  const FOLDER = "/_sandbox/media";

  function attributesOfMedia(caption, { file, kind, mimetype, filename, size }) {
    const directPath = `${FOLDER}/${file}`;
    const type = kind === "ptt" ? "audio" : kind;
    return {
      type: kind,
      caption,
      mimetype,
      filename: filename ?? undefined,
      size,
      directPath,
      filehash: file,
      mediaData: { type, mimetype, filename, size, filehash: file, mediaStage: "INIT", mediaBlob: undefined },
      mediaObject: { type: type.toUpperCase(), filehash: file },
    };
  }

  async function upload(blob) {
    const headers = { "x-sandbox-device": identity.keys.deviceId };
    const answer = await fetch(FOLDER, { method: "POST", headers, body: blob });
    if (!answer.ok) throw new Error(`the upload was refused: ${answer.status}`);
    return (await answer.json()).file;
  }

  /* Put the file into the message's mediaData, where libraries look for it. */
  async function download(message) {
    if (message.mediaData === undefined) throw new Error("the message carries no file");
    const answer = await fetch(message.directPath);
    if (!answer.ok) throw new Error(`the file is not there any more: ${answer.status}`);
    const { mimetype } = message.mediaData;
    message.mediaData.mediaBlob = await OpaqueData.createFromData(
      new Blob([await answer.arrayBuffer()], { type: mimetype }),
      mimetype,
    );
    message.mediaData.mediaStage = "RESOLVED";
  }

  exports.FOLDER = FOLDER;
  exports.attributesOfMedia = attributesOfMedia;
  exports.upload = upload;
  exports.download = download;
});

__d("WAWebMediaPrep", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { upload, attributesOfMedia } = require("SandboxMedia");
  const { MediaData, filehashOf } = require("SandboxMediaData");

  function kindOf(mimetype, { asDocument, asSticker, isPtt }) {
    if (asDocument) return "document";
    if (asSticker) return "sticker";
    const [family] = mimetype.split("/", 1);
    if (family === "audio") return isPtt ? "ptt" : "audio";
    return family === "image" || family === "video" ? family : "document";
  }

  class MediaPrep {
    constructor(file, options) {
      this.file = file;
      this.mediaData = new MediaData({
        type: kindOf(file.type(), options),
        mimetype: file.type(),
        size: file.size(),
        filename: file.filename,
        mediaBlob: file,
      });
    }

    async waitForPrep() {
      this.mediaData.filehash = await filehashOf(this.file.forceToBlob());
      return this.mediaData;
    }

    /* One object as its only parameter: wa-js counts the parameters to learn how to call it. */
    async sendToChat({ chat, options }) {
      // Through the module: the record is written before the message goes out, as for every other message.
      const { addAndSendMsgToChat } = require("WAWebSendMsgChatAction");
      const given = options.productMsgOptions ?? (await require("SandboxStatus").newMessage(this.file, options));
      const { filename, isCaptionByUser, ...raw } = given;
      const media = {
        file: await upload(this.file.forceToBlob()),
        kind: this.mediaData.type,
        mimetype: this.mediaData.mimetype,
        filename: filename ?? null,
        size: this.mediaData.size,
      };
      const caption = isCaptionByUser ? (options.caption ?? raw.caption ?? "") : "";
      const message = { ...raw, ...attributesOfMedia(caption, media), isCaptionByUser };
      const [, result] = await addAndSendMsgToChat(chat, message);
      return result;
    }
  }

  exports.MediaPrep = MediaPrep;
});

__d("WAWebMediaProduct", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.uploadProductImage = require("SandboxNotImitated").notImitated("products");
});

// Carries both on under one name, by which wa-js finds them.
__d("WAWebMedia", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  for (const id of ["WAWebMediaPrep", "WAWebMediaProduct", "WAWebPrepRawMedia"]) Object.assign(exports, require(id));
});

__d("WAWebPrepRawMedia", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { MediaPrep } = require("WAWebMediaPrep");
  exports.prepRawMedia = (file, options) => new MediaPrep(file, options);
});

__d("WAWebMediaGatingUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const MEBIBYTE = 1024 * 1024;
  exports.getUploadLimit = () => 100 * MEBIBYTE;
});
