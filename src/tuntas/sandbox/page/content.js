/*
 * What a message carries beside its text: between the attributes of a message model, as libraries read and write them,
 * and the content of a record, as the server knows it ({mentions?, forwarded?, location?, contacts?, poll?, occasion?, preview?,
 * media?, look?}).
 */
"use strict";

__d("SandboxContent", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { NotImitatedError } = require("SandboxNotImitated");
  const { personNumber, personWid } = require("SandboxAddresses");

  const MEDIA = new Set(["image", "video", "audio", "ptt", "document", "sticker"]);
  const card = ({ displayName, vcard }) => ({ name: displayName ?? "", vcard });

  const previewIn = ({ matchedText, title, description, thumbnail }) => ({
    url: matchedText,
    title: title ?? "",
    description: description ?? "",
    ...(thumbnail && { thumbnail }),
  });

  const occasionIn = (raw) => ({
    name: raw.eventName,
    description: raw.eventDescription ?? "",
    start: raw.eventStartTime,
    end: raw.eventEndTime ?? null,
    ...(raw.eventLocation?.name && { place: raw.eventLocation.name }),
  });

  function carried(raw) {
    switch (raw.type) {
      case "chat":
        return {
          text: raw.body,
          ...(raw.matchedText && { preview: previewIn(raw) }),
          ...(raw.backgroundColor !== undefined && { look: { background: raw.backgroundColor, font: raw.font ?? 0 } }),
        };
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
      case "event_creation":
        return { text: "", occasion: occasionIn(raw) };
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
  function attributesOfContent({ text, content = {}, revoked, unreadable, notice }) {
    if (revoked) return { type: "revoked", body: "" };
    if (unreadable) return { type: "ciphertext" };
    if (notice) return { type: notice.type, subtype: notice.subtype, body: text };
    return {
      ...typed(text, content),
      ...(content.mentions && { mentionedJidList: content.mentions.map(personWid) }),
      ...(content.forwarded && { isForwarded: true, forwardingScore: 1 }),
    };
  }

  function typed(text, { location, contacts, poll, occasion, preview, media, look }) {
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
    if (occasion) {
      return {
        type: "event_creation",
        eventName: occasion.name,
        eventDescription: occasion.description,
        eventStartTime: occasion.start,
        eventEndTime: occasion.end,
        ...(occasion.place && { eventLocation: { name: occasion.place } }),
        isEventCanceled: false,
      };
    }
    if (preview) {
      const { url, title, description, thumbnail } = preview;
      const shown = { matchedText: url, canonicalUrl: url, title, description, thumbnail };
      return { type: "chat", subtype: "url", body: text, ...shown };
    }
    if (media) return require("SandboxMedia").attributesOfMedia(text, media);
    if (look) return { type: "chat", body: text, backgroundColor: look.background, font: look.font };
    return { type: "chat", body: text };
  }

  exports.contentOf = contentOf;
  exports.attributesOfContent = attributesOfContent;
});

__d("WAWebFrontendVcardUtils", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { getDisplayName } = require("WAWebFrontendContactGetters");

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
