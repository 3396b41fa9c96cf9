/*
 * What a message carries beside its text: between the attributes of a message model, as libraries read and write them,
 * and the content of a record, as the server knows it ({mentions?, forwarded?, location?, contacts?, poll?, media?}).
 */
"use strict";

__d("SandboxContent", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { createUserWidOrThrow } = require("WAWebWidFactory");
  const { NotImitatedError } = require("SandboxNotImitated");
  const { personNumber } = require("SandboxAddresses");

  const MEDIA = new Set(["image", "video", "audio", "ptt", "document", "sticker"]);
  const card = ({ displayName, vcard }) => ({ name: displayName ?? "", vcard });

  function carried(raw) {
    switch (raw.type) {
      case "chat":
        return { text: raw.body };
      case "location":
        return { text: "", location: { latitude: raw.lat, longitude: raw.lng, title: raw.loc ?? "" } };
      case "vcard":
        return { text: "", contacts: [{ name: raw.vcardFormattedName ?? "", vcard: raw.body }] };
      case "multi_vcard":
        return { text: "", contacts: raw.vcardList.map(card) };
      case "poll_creation": {
        const options = raw.pollOptions.map((option) => option.name);
        return { text: "", poll: { name: raw.pollName, options, several: raw.pollSelectableOptionsCount !== 1 } };
      }
      default: {
        if (!MEDIA.has(raw.type)) throw new NotImitatedError(`sending messages of type "${raw.type}"`);
        const { directPath, mimetype, filename = null, size } = raw;
        const file = directPath.split("/").at(-1);
        return { text: raw.caption ?? "", media: { file, kind: raw.type, mimetype, filename, size } };
      }
    }
  }

  /* What is to be sent of a message: {text, content}. */
  function contentOf(raw) {
    if (raw.isViewOnce) throw new NotImitatedError("messages that are seen once");
    if (raw.isDynamicReplyButtonsMsg) throw new NotImitatedError("buttons");
    const { text, ...content } = carried(raw);
    if (typeof text !== "string") throw new NotImitatedError(`a "${raw.type}" without a text`);
    if (raw.mentionedJidList?.length) content.mentions = raw.mentionedJidList.map(personNumber);
    if (raw.isForwarded) content.forwarded = true;
    return { text, content };
  }

  /* The attributes that a model gets from a record's text and content. */
  function attributesOfContent({ text, content = {}, revoked }) {
    if (revoked) return { type: "revoked", body: "" };
    return {
      ...typed(text, content),
      ...(content.mentions && { mentionedJidList: content.mentions.map((number) => createUserWidOrThrow(number)) }),
      ...(content.forwarded && { isForwarded: true, forwardingScore: 1 }),
    };
  }

  function typed(text, { location, contacts, poll, media }) {
    if (location) {
      return { type: "location", lat: location.latitude, lng: location.longitude, loc: location.title ?? "" };
    }
    if (contacts?.length === 1) {
      return { type: "vcard", body: contacts[0].vcard, vcardFormattedName: contacts[0].name };
    }
    if (contacts) {
      const vcardList = contacts.map(({ name, vcard }) => ({ displayName: name, vcard, isMultiVcard: false }));
      return { type: "multi_vcard", vcardList };
    }
    if (poll) {
      return {
        type: "poll_creation",
        pollName: poll.name,
        pollOptions: poll.options.map((name, localId) => ({ name, localId })),
        pollSelectableOptionsCount: poll.several ? 0 : 1,
      };
    }
    if (media) return require("SandboxMedia").attributesOfMedia(text, media);
    return { type: "chat", body: text };
  }

  exports.contentOf = contentOf;
  exports.attributesOfContent = attributesOfContent;
});

__d("WAWebFrontendVcardUtils", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { getDisplayName } = require("WAWebContactDisplayGetters");

  exports.vcardFromContactModel = (contact) => {
    const name = getDisplayName(contact);
    const lines = [
      "BEGIN:VCARD",
      "VERSION:3.0",
      `N:;${name};;;`,
      `FN:${name}`,
      `TEL;type=CELL;waid=${contact.id.user}:+${contact.id.user}`,
      "END:VCARD",
    ];
    return { displayName: name, vcard: lines.join("\n"), isMultiVcard: false };
  };
});

__d("WAWebVcardParsingUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  /* The lines of a vCard by their names, without parameters; the first of a name counts. */
  exports.parseVcard = (text) => {
    const lines = text.split(/\r?\n/).map((line) => /^([\w-]+)[^:]*:(.*)$/.exec(line));
    return Object.fromEntries(lines.filter(Boolean).reverse().map(([, name, value]) => [name.toUpperCase(), value]));
  };
});

__d("WAWebVcardGetNameFromParsed", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.vcardGetNameFromParsed = (parsed) => parsed.FN ?? "";
});
