/*
 * The parts of the media pipeline that whatsapp-web.js walks through by itself: prepare, upload, send, download.
 *
 * A media object is one file, known by the hash of its bytes; media data is one message's view of it. Where WhatsApp
 * encrypts, the bytes go over loopback as they are, so there are no media keys.
 */
"use strict";

__d("SandboxMediaData", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { encodeB64 } = require("WABase64");

  /* Plain fields, since libraries spread it into the message that they make. */
  exports.MediaData = class MediaData {
    constructor(fields) {
      this.set(fields);
    }

    set(fields) {
      Object.assign(this, fields);
    }

    toJSON() {
      return { ...this };
    }
  };

  exports.filehashOf = async (blob) => encodeB64(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
});

__d("WAWebMediaStorage", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const KEPT = 20;
  const objects = new Map();

  class MediaObject {
    contentInfo = {};

    constructor(filehash) {
      this.filehash = filehash;
    }

    consolidate({ type, mimetype, size, mediaBlob }) {
      Object.assign(this, { type: String(type).toUpperCase(), mimetype, size, mediaBlob });
    }
  }

  exports.getOrCreateMediaObject = (filehash) => {
    const object = objects.get(filehash) ?? new MediaObject(filehash);
    objects.delete(filehash);
    objects.set(filehash, object); // the one used last is the last to be let go
    if (objects.size > KEPT) objects.delete(objects.keys().next().value);
    return object;
  };
});

__d("WAWebMmsMediaTypes", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.msgToMediaType = ({ type, isGif }) => (isGif ? "gif" : type);
  exports.castToV4 = (type) => String(type).toLowerCase();
});

__d("WAWebMediaDataUtils", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.processRawSticker = require("SandboxNotImitated").notImitated("stickers that are made from pictures");
  exports.shouldUseMediaCache = () => false; // a file that is asked for again comes over loopback again
});

__d("WAWebMediaMmsV4Upload", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { notImitated } = require("SandboxNotImitated");
  const { FOLDER, upload } = require("SandboxMedia");

  exports.uploadMedia = async ({ mediaObject }) => {
    const directPath = `${FOLDER}/${await upload(mediaObject.mediaBlob.forceToBlob())}`;
    const address = new URL(directPath, location.href).href;
    return { mediaEntry: { mmsUrl: address, deprecatedMms3Url: address, directPath } };
  };
  exports.uploadUnencryptedMedia = notImitated("uploads for channels");
});

__d("WAWebDownloadManager", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.downloadManager = {
    /* Resolve with the file's bytes; a file that is gone is an error with `status` 404. */
    async downloadAndMaybeDecrypt({ directPath, signal }) {
      const answer = await fetch(directPath, { signal });
      if (!answer.ok) {
        throw Object.assign(new Error(`the file is not there any more: ${answer.status}`), { status: answer.status });
      }
      return answer.arrayBuffer();
    },
  };
});
