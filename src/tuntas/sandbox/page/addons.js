/*
 * What people add to somebody's message: reactions and votes. The server keeps them; here libraries learn that they came.
 */
"use strict";

__d("WAWebReactionsMsgAction", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.addOrUpdateReactionsModelCollection = async (reaction) => reaction;
});

__d("WAWebAddonReactionTableMode", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.reactionTableMode = { bulkUpsert: async (reactions) => reactions };
});

__d("WAWebDBPollsUpsertVotes", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.upsertVotesDb = async (votes) => votes;
});

__d("WAWebAddonPollVoteTableMode", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.pollVoteTableMode = { bulkUpsert: async (votes) => votes };
});

__d("WAWebEventResponseCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel, defineModel } = require("WAWebBaseModel");

  class EventResponse extends BaseModel {}
  defineModel(EventResponse, "event-response", ["id", "parentMsgKey", "eventResponse", "sender", "t"]);
  exports.EventResponseCollection = new BaseCollection(EventResponse);
});

/* Both libraries have put functions of their own into these modules, each into others: all go through the modules. */
__d("SandboxAddons", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  /* `key` is the message that somebody reacted to, `ownKey` the reaction's own. */
  async function takeReaction({ key, ownKey, sender, text, timestamp }) {
    await require("WAWebReactionsMsgAction").addOrUpdateReactionsModelCollection(
      {
        msgKey: ownKey.toString(),
        parentMsgKey: key.toString(),
        reactionText: text,
        senderUserJid: sender.toString(),
        read: false,
        orphan: 0,
        t: timestamp,
      },
      true,
    );
    await require("WAWebAddonReactionTableMode").reactionTableMode.bulkUpsert([
      {
        id: ownKey,
        reactionParentKey: key,
        reactionText: text,
        reactionTimestamp: timestamp,
        author: sender,
        from: sender,
        read: false,
        orphan: 0,
        ack: 1,
      },
    ]);
  }

  async function takeVote({ key, ownKey, sender, options, timestamp }) {
    const { messages } = await require("WAWebMsgCollection").MsgCollection.getMessagesById([key]);
    if (messages.length === 0) return; // the poll was deleted here
    const chosen = messages[0].pollOptions.filter((option) => options.includes(option.name));
    const vote = {
      ack: 1,
      selectedOptionLocalIds: chosen.map((option) => option.localId),
      sender,
      senderTimestampMs: timestamp,
    };
    await require("WAWebDBPollsUpsertVotes").upsertVotesDb([{ ...vote, msgKey: ownKey, parentMsgKey: key }]);
    await require("WAWebAddonPollVoteTableMode").pollVoteTableMode.bulkUpsert([
      { ...vote, id: ownKey, pollUpdateParentKey: key, author: sender, from: sender, t: timestamp },
    ]);
  }

  const RESPONSES = { going: 1, not_going: 2, maybe: 3 };

  /* The newest answer of each person takes the place of the ones before. */
  function takeResponse({ key, ownKey, sender, response, timestamp }) {
    const { EventResponseCollection } = require("WAWebEventResponseCollection");
    const isOlder = (one) => one.parentMsgKey.equals(key) && one.sender.equals(sender);
    EventResponseCollection.remove(EventResponseCollection.filter(isOlder));
    EventResponseCollection.add({
      id: ownKey,
      parentMsgKey: key,
      eventResponse: RESPONSES[response],
      sender,
      senderTimestampMs: timestamp,
      t: Math.floor(timestamp / 1000),
      read: false,
      ack: 1,
    });
  }

  exports.takeResponse = takeResponse;
  exports.takeReaction = takeReaction;
  exports.takeVote = takeVote;
});

__d("WAWebSendReactionMsgAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { SendMsgResult } = require("WAWebSendMsgResultAction");

  exports.sendReactionToMsg = async (message, text) => {
    await require("SandboxMessageActs").act(message, { do: "react", text });
    return { messageSendResult: SendMsgResult.OK };
  };
});

__d("WAWebPollsSendVoteMsgAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { SendMsgResult } = require("WAWebSendMsgResultAction");

  /* `localIds` is the set of all the options chosen; an empty one takes the vote back. */
  exports.sendVote = async (message, localIds) => {
    const options = message.pollOptions.filter(({ localId }) => localIds.has(localId)).map(({ name }) => name);
    await require("SandboxMessageActs").act(message, { do: "vote", options });
    return { messageSendResult: SendMsgResult.OK };
  };
});
