/*
 * Channels: what somebody writes to all who follow. The server keeps them and is asked after each connection; posts that
 * have come are kept here like messages.
 */
"use strict";

__d("WAWebNewsletterCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { Chat: ChatModel } = require("WAWebChatModel");

  class NewsletterCollection extends BaseCollection {}

  exports.default = new NewsletterCollection(ChatModel);
});

__d("SandboxChannels", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const NewsletterCollection = require("WAWebNewsletterCollection");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { createWid } = require("WAWebWidFactory");
  const { identity } = require("SandboxIdentity");
  const { transport } = require("SandboxTransport");
  const { attributesOf, recordOfFrame } = require("SandboxMessageRecords");
  const { chats, keep, recordsByIds } = require("SandboxMessageStore");
  const MUTED = -1;

  async function ask(request) {
    const answer = await transport.request(request);
    if (answer.ok) return answer;
    const status = answer.error === "unknown_channel" ? 404 : 403;
    throw Object.assign(new Error(`the server refused: ${answer.error}`), { status });
  }

  function show(channel) {
    const chat = NewsletterCollection.add({ id: createWid(channel.id), t: channel.created });
    chat.mute.expiration = channel.muted ? MUTED : 0;
    chat.isReadOnly = channel.role !== "owner";
    chat.newsletterMetadata = {
      id: chat.id,
      name: channel.name,
      description: channel.description,
      inviteCode: channel.invite,
      size: channel.size,
      verified: channel.verified,
      membershipType: channel.role,
      creationTime: channel.created,
    };
    return chat;
  }

  /* A post is a message of the channel's to this account; an own one is a message to the channel. */
  function recordOf({ id, text, timestamp, views }, channel) {
    const isOwn = channel.role === "owner";
    const [from, to] = isOwn ? [identity.me.number, channel.id] : [channel.id, identity.me.number];
    return { ...recordOfFrame({ id, from, to, text, timestamp, ack: 1, name: channel.name }), views };
  }

  async function post(chat, record) {
    if (!(await keep(record, { unread: false }))) return;
    MsgCollection.place(chat, { ...attributesOf(record), viewCount: record.views, isNewMsg: true });
  }

  async function take({ channel, gone, post: made }) {
    if (gone) return NewsletterCollection.remove(channel.id);
    const chat = show(channel);
    if (made !== undefined) await post(chat, recordOf(made, channel));
  }

  async function refresh() {
    const { channels } = await ask({ kind: "channels" });
    const mine = new Set(channels.map(({ id }) => id));
    NewsletterCollection.remove(NewsletterCollection.filter((chat) => !mine.has(String(chat.id))));
    const lasts = new Map((await chats()).map(({ number, last }) => [number, last]));
    for (const channel of channels) {
      const chat = show(channel);
      const [newest] = await recordsByIds([lasts.get(channel.id)].filter(Boolean));
      if (newest !== undefined) MsgCollection.place(chat, { ...attributesOf(newest), viewCount: newest.views });
    }
  }

  const addressOfPicture = (path) => (path === null ? null : new URL(path, global.location.href).href);

  /* What the server says of a channel, in the words of the real page's own queries. */
  exports.described = (channel) => {
    const directPath = addressOfPicture(channel.picture);
    const picture = { name: "QueryPictureDirectPathResponse", value: { type: "image", id: "1", directPath } };
    const text = { id: "1", updateTime: channel.created, elementValue: channel.description };
    return {
      idJid: channel.id,
      newsletterCreationTimeMetadataMixin: { creationTimeValue: channel.created },
      newsletterInviteLinkMetadataMixin: { inviteCode: channel.invite },
      newsletterNameMetadataMixin: { nameId: "1", nameUpdateTime: channel.created, nameElementValue: channel.name },
      newsletterSubscribersMetadataMixin: { subscribersCount: channel.size },
      newsletterVerificationMetadataMixin: { verificationState: channel.verified ? "verified" : "unverified" },
      newsletterStateMetadataMixin: { stateType: "active" },
      newsletterDescriptionMetadataMixin: { descriptionQueryDescriptionResponseMixin: text },
      newsletterMembershipMetadataMixin: { membershipType: channel.role },
      newsletterPictureMetadataMixin: {
        picture: directPath === null ? [] : [{ queryPictureDirectPathOrEmptyResponseMixinGroup: picture }],
      },
      newsletterUserSettingsMetadataMixin: [],
    };
  };
  exports.found = (channel) => ({
    id: channel.id,
    thread_metadata: {
      creation_time: String(channel.created),
      invite: channel.invite,
      handle: null,
      subscribers_count: String(channel.size),
      verification: channel.verified ? "VERIFIED" : "UNVERIFIED",
      name: { id: "1", text: channel.name, update_time: String(channel.created) },
      description: { id: "1", text: channel.description, update_time: String(channel.created) },
      picture: { id: "1", type: "IMAGE", direct_path: addressOfPicture(channel.picture) },
    },
  });
  exports.ask = ask;
  exports.take = take;
  exports.refresh = refresh;
});

__d("WAWebNewsletterMetadataQueryJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask, described } = require("SandboxChannels");

  /* Null where there is none. The role is the one in which it is looked at. */
  async function query(key) {
    try {
      return described((await ask({ kind: "channel_get", key })).channel);
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  exports.queryNewsletterMetadataByJid = (id, _role) => query(String(id));
  exports.queryNewsletterMetadataByInviteCode = (code, _role) => query(code);
});

__d("WAWebNewsletterCreateQueryJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask, described } = require("SandboxChannels");

  exports.createNewsletterQuery = async ({ name, description, picture }) => {
    const data = picture?.split(",").at(-1) ?? null;
    const answer = await ask({ kind: "channel_create", name, description: description ?? "", picture: data });
    return described(answer.channel);
  };
});

__d("WAWebNewsletterDeleteJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.deleteNewsletter = async (id) => {
    await require("SandboxChannels").ask({ kind: "channel_delete", channel: String(id) });
    return true;
  };
});

__d("WAWebMexJoinNewsletterJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.mexJoinNewsletter = (id) => require("SandboxChannels").ask({ kind: "channel_follow", channel: id, on: true });
});

__d("WAWebMexLeaveNewsletterJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.mexLeaveNewsletter = (id) => require("SandboxChannels").ask({ kind: "channel_follow", channel: id, on: false });
});

__d("WAWebNewsletterToggleAdminActivityMuteStateAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const MUTED = -1;
  exports.toggleNewsletterAdminActivityMuteStateAction = async (id, expiration) => {
    await require("SandboxChannels").ask({ kind: "channel_mute", channel: String(id), on: expiration === MUTED });
  };
});

__d("WAWebMexFetchNewsletterDirectorySearchResultsJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask, found } = require("SandboxChannels");

  /* No channel of this server has a category. */
  exports.mexFetchNewsletterDirectorySearchResults = async ({ searchText, categories, limit, cursorToken }) => {
    const start = Number(cursorToken ?? 0);
    const asked = { kind: "channel_search", text: searchText, limit, start };
    const { channels, more } = categories.length > 0 ? { channels: [], more: false } : await ask(asked);
    return {
      xwa2_newsletters_directory_search: {
        result: channels.map(found),
        page_info: {
          hasNextPage: more,
          hasPreviousPage: start > 0,
          startCursor: String(start),
          endCursor: String(start + channels.length),
        },
      },
    };
  };
});
