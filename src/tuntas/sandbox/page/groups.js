/*
 * Groups: their metadata and members, what may be done to them, and what the server tells of them.
 *
 * The server knows all groups and is asked for them after each connection; nothing of them is on disk here but their
 * messages. A change, whoever made it, is told as WhatsApp tells it: as a message of type `gp2` that is not kept.
 */
"use strict";

__d("WAWebGroupParticipantModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");

  class ParticipantModel extends BaseModel {
    get contact() {
      return require("WAWebContactCollection").ContactCollection.get(this.id);
    }
  }

  defineModel(ParticipantModel, "participant", ["id", "isAdmin", "isSuperAdmin"]);
  exports.default = ParticipantModel;
});

__d("WAWebGroupParticipantCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { identity } = require("SandboxIdentity");
  const ParticipantModel = require("WAWebGroupParticipantModel");

  class ParticipantCollection extends BaseCollection {
    constructor() {
      super(ParticipantModel);
    }

    me() {
      const { number, lid } = identity.me ?? {};
      return this.findFirst(({ id }) => id.user === (id.isLid() ? lid : number));
    }

    iAmMember() {
      return this.me() !== undefined;
    }

    iAmAdmin() {
      return Boolean(this.me()?.isAdmin);
    }

    iAmSuperAdmin() {
      return Boolean(this.me()?.isSuperAdmin);
    }

    iAmRestrictedMember() {
      return this.iAmMember() && !this.iAmAdmin();
    }

    getAdmins() {
      return this.filter((participant) => participant.isAdmin);
    }

    canAdd() {
      return this.iAmAdmin();
    }

    canRemove(participant) {
      return this.iAmAdmin() && !participant.isSuperAdmin;
    }

    canPromote(participant) {
      return this.iAmAdmin() && !participant.isAdmin;
    }

    canDemote(participant) {
      return this.iAmAdmin() && participant.isAdmin && !participant.isSuperAdmin;
    }
  }

  exports.default = ParticipantCollection;
});

__d("WAWebGroupMetadataCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel, defineModel } = require("WAWebBaseModel");
  const ParticipantCollection = require("WAWebGroupParticipantCollection");

  class GroupMetadataModel extends BaseModel {
    constructor(values) {
      super(values);
      this.participants = new ParticipantCollection();
    }

    defaults() {
      return { stale: true, isLidAddressingMode: true, memberAddMode: "admin_add", membershipApprovalMode: false };
    }

    serialize() {
      return { ...super.serialize(), participants: this.participants.serialize() };
    }

    #mayChange() {
      return this.participants.iAmMember() && (!this.restrict || this.participants.iAmAdmin());
    }

    canSetSubject() {
      return this.#mayChange();
    }

    canSetDescription() {
      return this.#mayChange();
    }

    canSetGroupProperty() {
      return this.participants.iAmAdmin();
    }

    canSetEphemeralSetting() {
      return this.participants.iAmAdmin();
    }
  }

  const attributes = ["id", "subject", "desc", "descId", "owner", "creation", "announce", "restrict", "stale"];
  defineModel(GroupMetadataModel, "group-metadata", [
    ...attributes,
    "isLidAddressingMode",
    "memberAddMode",
    "membershipApprovalMode",
  ]);

  class GroupMetadataCollection extends BaseCollection {
    constructor() {
      super(GroupMetadataModel);
    }

    /* What the server told last: it tells of every change by itself. */
    async find(id) {
      const present = this.get(id);
      if (present === undefined) throw new Error(`this account is in no group ${id}`);
      return present;
    }

    update(id) {
      return this.find(id);
    }

    _handleParentGroupChange() {}
  }

  exports.default = new GroupMetadataCollection();
});

__d("WAWebBackendErrors", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.ServerStatusCodeError = class ServerStatusCodeError extends Error {
    name = "ServerStatusCodeError";

    constructor(statusCode, text) {
      super(`${statusCode}: ${text}`);
      this.statusCode = statusCode;
    }
  };
});

__d("SandboxGroups", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ChatCollection } = require("WAWebChatCollection");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { createWid } = require("WAWebWidFactory");
  const { identity } = require("SandboxIdentity");
  const { personNumber, personWid } = require("SandboxAddresses");
  const { transport } = require("SandboxTransport");
  const GroupMetadataCollection = require("WAWebGroupMetadataCollection");
  const { ServerStatusCodeError } = require("WAWebBackendErrors");
  const MsgKey = require("WAWebMsgKey");
  const { Msg: MsgModel } = require("WAWebMsgModel");

  const TIMELOCKED = "463";

  async function ask(request) {
    const answer = await transport.request(request);
    if (answer.error === TIMELOCKED) throw new ServerStatusCodeError(Number(TIMELOCKED), "account_reachout_restricted");
    if (!answer.ok) throw new Error(`the server refused: ${answer.error}`);
    return answer;
  }

  /* Put what the server says of a group into the collections. */
  async function show(group) {
    const id = createWid(group.id);
    for (const member of group.members) await require("SandboxContacts").learn(member);
    const metadata = GroupMetadataCollection.add({ id });
    const present = new Set(group.members.map(({ number }) => String(personWid(number))));
    metadata.participants.remove(metadata.participants.filter((one) => !present.has(String(one.id))));
    for (const { number, role } of group.members) {
      const participant = metadata.participants.add({ id: personWid(number) });
      participant.set({ isAdmin: role !== "member", isSuperAdmin: role === "superadmin" });
    }
    metadata.set({
      subject: group.subject,
      desc: group.description,
      owner: personWid(group.owner),
      creation: group.created,
      announce: group.announce,
      restrict: group.restrict,
      memberAddMode: group.member_add_mode ? "all_member_add" : "admin_add",
      membershipApprovalMode: group.membership_approval_mode,
      stale: false,
    });
    const isMember = metadata.participants.iAmMember();
    const chat = isMember ? ChatCollection.add({ id, t: group.created }) : ChatCollection.get(id);
    if (chat !== undefined) chat.isReadOnly = !isMember;
    return metadata;
  }

  async function refresh() {
    const { groups } = await ask({ kind: "groups" });
    const mine = new Set(groups.map((group) => group.id));
    for (const group of groups) await show(group);
    const left = GroupMetadataCollection.filter((metadata) => !mine.has(String(metadata.id)));
    for (const metadata of left) metadata.participants.remove(metadata.participants.me() ?? []);
    return groups;
  }

  const MEMBERS_CHANGE = new Set(["add", "remove", "promote", "demote", "leave", "invite"]);
  const ACTION_OF = { leave: "remove", invite: "add" };

  async function take({ action, by, numbers, at, id, group }) {
    const metadata = await show(group);
    const author = personWid(by);
    const wids = numbers.map(personWid);
    if (MEMBERS_CHANGE.has(action)) {
      // Through the module object: wa-js has put its own function there.
      await require("WAWebUpdateDbForGroupActionApi").updateDBForGroupAction(
        { author, chatId: metadata.id, externalId: id, ts: at, pushname: author.user, offline: null, actions: [] },
        { actionType: ACTION_OF[action] ?? action, participants: wids, isInvite: action === "invite" },
      );
    }
    const bodies = { subject: group.subject, description: group.description, create: group.subject };
    MsgCollection.add(
      new MsgModel({
        id: new MsgKey({ fromMe: by === identity.me.number, remote: metadata.id, id, participant: author }),
        type: "gp2",
        subtype: action,
        body: bodies[action] ?? "",
        recipients: wids,
        author,
        from: metadata.id,
        to: personWid(identity.me.number),
        t: at,
        ack: 1,
        isNewMsg: true,
      }),
    );
  }

  const membersRequest = async (groupId, action, wids) => {
    const numbers = wids.map(personNumber);
    const answer = await ask({ kind: "group_members", group: String(groupId), action, numbers });
    await show(answer.group);
    return answer;
  };

  const ADDED = "200";
  const INVITE_ONLY = "403";
  const INVITATION_SECONDS = 3 * 24 * 3600;

  /* What became of one who was to be added: who wants no part in groups is invited instead. */
  function additionOf(wid, { refused = [], invite }) {
    if (!refused.includes(personNumber(wid))) return { code: ADDED, invite_code: null, invite_code_exp: null };
    const ends = require("WATimeUtils").unixTime() + INVITATION_SECONDS;
    return { code: INVITE_ONLY, invite_code: invite, invite_code_exp: String(ends) };
  }

  exports.ADDED = ADDED;
  exports.additionOf = additionOf;

  exports.ask = ask;
  exports.show = show;
  exports.refresh = refresh;
  exports.take = take;
  exports.membersRequest = membersRequest;
});

__d("WAWebUpdateDbForGroupActionApi", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  // The metadata has changed already; libraries listen to this call.
  exports.updateDBForGroupAction = async (_meta, action) => action;
});

__d("WAWebGroupCreateJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ADDED, additionOf, ask, show } = require("SandboxGroups");
  const { personNumber } = require("SandboxAddresses");

  exports.GroupAlreadyExistsError = class GroupAlreadyExistsError extends Error {};
  exports.createGroup = async ({ title }, participants) => {
    const numbers = participants.map(({ phoneNumber }) => personNumber(phoneNumber));
    const answer = await ask({ kind: "group_create", subject: title, numbers });
    const { id } = await show(answer.group);
    return {
      wid: id,
      participants: participants.map(({ phoneNumber }) => {
        const { code, ...invitation } = additionOf(phoneNumber, answer);
        return { wid: phoneNumber, error: code === ADDED ? null : code, ...invitation };
      }),
    };
  };
});

__d("WAWebGroupModifyParticipantsJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { additionOf, membersRequest } = require("SandboxGroups");

  exports.addGroupParticipants = async (groupId, members) => {
    const answer = await membersRequest(groupId, "add", members.map(({ phoneNumber }) => phoneNumber));
    return {
      status: 200,
      participants: members.map(({ phoneNumber }) => ({ userWid: phoneNumber, ...additionOf(phoneNumber, answer) })),
    };
  };
  exports.removeGroupParticipants = async (groupId, wids) => void (await membersRequest(groupId, "remove", wids));
  exports.promoteGroupParticipants = async (groupId, wids) => void (await membersRequest(groupId, "promote", wids));
  exports.demoteGroupParticipants = async (groupId, wids) => void (await membersRequest(groupId, "demote", wids));
});

__d("WAWebModifyParticipantsGroupAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { membersRequest } = require("SandboxGroups");
  const { notImitated } = require("SandboxNotImitated");

  for (const action of ["add", "remove", "promote", "demote"]) {
    exports[`${action}Participants`] = async (chat, participants) =>
      void (await membersRequest(chat.id, action, participants.map((participant) => participant.id)));
  }
  exports.promoteCommunityParticipants = notImitated("communities");
  exports.demoteCommunityParticipants = notImitated("communities");
});

__d("WAWebFindCommonGroupsContactAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const GroupMetadataCollection = require("WAWebGroupMetadataCollection");

  class GroupCollection extends BaseCollection {}

  /* The groups that both are in; the contact keeps them too, as libraries read them there. */
  exports.findCommonGroups = async (contact) => {
    const groups = new GroupCollection(GroupMetadataCollection.modelClass);
    groups.add(
      GroupMetadataCollection.filter(
        ({ participants }) => participants.iAmMember() && participants.get(contact.id) !== undefined,
      ).map(({ attributes }) => ({ ...attributes })),
    );
    contact.commonGroups = groups;
    return groups;
  };
});

__d("WAWebExitGroupAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask } = require("SandboxGroups");

  exports.sendExitGroup = async (chat) => {
    await ask({ kind: "group_leave", group: String(chat.id) });
    chat.groupMetadata.participants.remove(chat.groupMetadata.participants.me());
    chat.isReadOnly = true;
  };
});
