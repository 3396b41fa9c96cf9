// Groups: looking at them, changing them, and what is told of them.

// WA-JS names its errors; these are what the caller can act on.
const REFUSALS = {
  chat_not_found: "not_found",
  not_a_group: "not_found",
  invalid_invite_code: "not_found",
  participant_not_exists: "not_found",
  group_participant_not_found: "not_found",
  not_valid_group_participants: "not_found",
  group_you_are_not_admin: "not_allowed",
  group_participant_is_not_a_group_member: "not_allowed",
  you_are_not_allowed_set_group_subject: "not_allowed",
  you_are_not_allowed_set_group_description: "not_allowed",
  you_are_not_allowed_set_group_property: "not_allowed",
  you_are_not_allowed_set_ephemeral_setting: "not_allowed",
};

const groupCalls = {};

const roleOf = ({ isAdmin, isSuperAdmin }) => (isSuperAdmin ? "superadmin" : isAdmin ? "admin" : "participant");
const numberOf = (wid) => (wid.isLid() ? otherIdOf(wid) : wid);
const plainParticipant = (participant) => ({
  id: text(participant.id),
  pn: text(numberOf(participant.id)),
  role: roleOf(participant),
});

const plainGroup = (metadata, participants) => ({
  id: text(metadata.id),
  subject: metadata.subject ?? null,
  description: metadata.desc ?? null,
  owner: text(metadata.owner),
  createdAt: metadata.creation ?? null,
  membersCanAddNewMember: metadata.memberAddMode === "all_member_add",
  membersCanSendMessages: !metadata.announce,
  membersCanChangeInfo: !metadata.restrict,
  newMembersApprovalRequired: Boolean(metadata.membershipApprovalMode),
  participants: participants.map(plainParticipant),
});

// Asked of WhatsApp only where the page does not keep it up to date already.
const freshMetadata = async (wid) => {
  const known = WPP.whatsapp.GroupMetadataStore.get(wid);
  return known?.stale === false ? known : WPP.whatsapp.GroupMetadataStore.find(wid);
};

const metadataOf = async (groupId) => {
  if (!WPP.chat.get(groupId)?.id.isGroup()) refuse("not_found", `There is no group ${groupId}.`);
  return freshMetadata(WPP.chat.get(groupId).id);
};

// The chat of a group that we have left stays; it is a group of ours no more.
const ownGroup = async (groupId) => {
  const metadata = await metadataOf(groupId);
  return metadata.participants.iAmMember() ? metadata : refuse("not_found", `This account is in no group ${groupId}.`);
};

const ownGroups = async () => {
  const chats = WPP.whatsapp.ChatStore.getModelsArray().filter((chat) => chat.id.isGroup());
  const found = await Promise.all(chats.map((chat) => freshMetadata(chat.id).catch(() => null)));
  return found.filter((metadata) => metadata?.participants?.iAmMember());
};

const shownGroup = (metadata) => plainGroup(metadata, metadata.participants.getModelsArray());

groupCalls.groups = async ({ limit, offset, sortBy, descending }) => {
  const order = descending ? -1 : 1;
  return (await ownGroups())
    .map((metadata) => [sortBy === "id" ? text(metadata.id) : String(metadata.subject).toLowerCase(), metadata])
    .sort(([one], [other]) => (one < other ? -order : one > other ? order : 0))
    .slice(offset, offset + limit)
    .map(([, metadata]) => shownGroup(metadata));
};

groupCalls.groupCount = async () => (await ownGroups()).length;

groupCalls.group = async ({ groupId }) => shownGroup(await ownGroup(groupId));

groupCalls.createGroup = async ({ name, participants }) => {
  for (const id of participants) await onWhatsApp(id);
  const { gid } = await WPP.group.create(name, participants);
  return shownGroup(await metadataOf(text(gid)));
};

// Those who have the wished role already are passed over: asking twice is fine.
const toChange = (metadata, participants, wanted) =>
  participants.filter((id) => {
    const wid = WPP.whatsapp.WidFactory.createWid(id);
    const present = metadata.participants
      .getModelsArray()
      .find((one) => one.id.equals(wid) || numberOf(one.id)?.equals(wid));
    return wanted(present);
  });

const CHANGES = {
  add: [(present) => !present, (groupId, ids) => WPP.group.addParticipants(groupId, ids)],
  remove: [(present) => present, (groupId, ids) => WPP.group.removeParticipants(groupId, ids)],
  promote: [(present) => !present?.isAdmin, (groupId, ids) => WPP.group.promoteParticipants(groupId, ids)],
  demote: [(present) => present?.isAdmin ?? true, (groupId, ids) => WPP.group.demoteParticipants(groupId, ids)],
};

groupCalls.changeParticipants = async ({ groupId, action, participants }) => {
  const metadata = await ownGroup(groupId);
  if (!metadata.participants.iAmAdmin() && !(action === "add" && metadata.memberAddMode === "all_member_add")) {
    refuse("not_allowed", `This account does not administer the group ${groupId}.`);
  }
  const [wanted, change] = CHANGES[action];
  const ids = toChange(metadata, participants, wanted);
  if (action === "add") for (const id of ids) await onWhatsApp(id);
  if (ids.length === 0) return [];
  const result = await change(groupId, ids);
  // Only adding is answered for each person: somebody may not want to be added.
  return Object.values(result ?? {})
    .filter((one) => one.code !== 200)
    .map((one) => ({ id: one.wid, code: one.code, message: one.message }));
};

groupCalls.leaveGroup = async ({ groupId }) => {
  await ownGroup(groupId);
  await WPP.group.leave(groupId);
};

// To delete a group is to leave it and to delete its chat; nobody can delete it for the others.
groupCalls.deleteGroup = async ({ groupId }) => {
  if ((await metadataOf(groupId)).participants.iAmMember()) await WPP.group.leave(groupId);
  await calls.deleteChat({ chatId: groupId });
};

groupCalls.setGroupText = async ({ groupId, subject, description }) => {
  await ownGroup(groupId);
  if (subject != null) await WPP.group.setSubject(groupId, subject);
  if (description != null) await WPP.group.setDescription(groupId, description);
};

groupCalls.groupSetting = async ({ groupId, setting }) => Boolean((await ownGroup(groupId))[setting]);
groupCalls.setGroupSetting = async ({ groupId, setting, adminsOnly }) => {
  await ownGroup(groupId);
  const property = setting === "announce" ? "announcement" : "restrict";
  await WPP.group.setProperty(groupId, property, adminsOnly);
};

groupCalls.inviteCode = async ({ groupId }) => {
  await ownGroup(groupId);
  const code = await WPP.group.getInviteCode(groupId);
  return code?.inviteCode ?? code;
};
groupCalls.revokeInviteCode = async ({ groupId }) => {
  await ownGroup(groupId);
  return WPP.group.revokeInviteCode(groupId);
};

groupCalls.joinInfo = async ({ code }) => {
  const info = await WPP.group.getGroupInfoFromInviteCode(code);
  return { ...plainGroup(info, []), size: info.size ?? null };
};
groupCalls.joinGroup = async ({ code }) => {
  await WPP.group.getGroupInfoFromInviteCode(code);
  return (await WPP.group.join(code)).id;
};

for (const [name, call] of Object.entries(groupCalls)) {
  calls[name] = async (asked) => {
    try {
      return await call(asked);
    } catch (error) {
      return REFUSALS[error?.code] ? refuse(REFUSALS[error.code], error.message) : Promise.reject(error);
    }
  };
}

// --- what is told -----------------------------------------------------------------------------------------------

// WhatsApp writes what happens to a group into its chat; the kinds are those of its own notifications.
const COMES = new Set(["add", "invite", "linked_group_join", "create"]);
const GOES = new Set(["remove", "leave"]);
const RANKS = { promote: "admin", demote: "participant" };
const UPDATES = {
  subject: (metadata) => ({ subject: metadata.subject }),
  description: (metadata) => ({ description: metadata.desc }),
  announce: (metadata) => ({ membersCanSendMessages: !metadata.announce }),
  restrict: (metadata) => ({ membersCanChangeInfo: !metadata.restrict }),
  member_add_mode: (metadata) => ({ membersCanAddNewMember: metadata.memberAddMode === "all_member_add" }),
  membership_approval_mode: (metadata) => ({ newMembersApprovalRequired: Boolean(metadata.membershipApprovalMode) }),
};

const isMe = (wid) => {
  const mine = [WPP.conn.getMyUserId(), WPP.conn.getMyUserLid?.()].map(text);
  return mine.includes(text(wid));
};

const groupTold = async (message) => {
  const kind = message.subtype;
  const groupId = text(message.id.remote);
  const timestamp = message.t ?? seconds();
  const people = message.recipients ?? [];
  const changed = (type, role) =>
    tellEvent("group.v2.participants", {
      type,
      timestamp,
      group: { id: groupId },
      participants: people.map((wid) => ({ id: text(wid), role })),
    });
  if (COMES.has(kind)) {
    if (kind !== "create" && !people.some(isMe)) return changed("join", "participant");
    return tellEvent("group.v2.join", { timestamp, group: shownGroup(await metadataOf(groupId)) });
  }
  if (GOES.has(kind)) {
    if (people.some(isMe)) return tellEvent("group.v2.leave", { timestamp, group: { id: groupId } });
    return changed("leave", "left");
  }
  if (RANKS[kind]) return changed(kind, RANKS[kind]);
  if (UPDATES[kind]) {
    const metadata = await metadataOf(groupId);
    return tellEvent("group.v2.update", { timestamp, group: { id: groupId, ...UPDATES[kind](metadata) } });
  }
};

WPP.on("chat.new_message", (message) => {
  if (message.type === "gp2") groupTold(message).catch(() => {}); // the group is gone already: nothing to tell of it
});
