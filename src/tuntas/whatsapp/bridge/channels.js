// Channels: what somebody writes to all who follow. WhatsApp Web keeps those that this account owns or follows apart from
// the chats, and asks WhatsApp about others.

const PICTURES_AT = "https://pps.whatsapp.net";
const inviteOf = (code) => (code ? `https://www.whatsapp.com/channel/${code}` : "");
const pictureAt = (path) => (path ? new URL(path, PICTURES_AT).href : null);

const shownChannel = ({ id, name, inviteCode, description, verified, size, membershipType }, picture) => ({
  id: text(id),
  name: name ?? "",
  description: description ?? null,
  invite: inviteOf(inviteCode),
  preview: null,
  picture,
  verified: Boolean(verified),
  role: String(membershipType ?? "guest").toUpperCase(),
  subscribersCount: Number(size ?? 0),
});

const ownChannels = () => WPP.whatsapp.NewsletterStore?.getModelsArray() ?? [];
const channelOf = (channelId) => ownChannels().find(({ id }) => isSame(id, channelId)) ?? null;
const knownChannel = async (chat) =>
  shownChannel({ name: chat.formattedTitle, ...plainOf(chat.newsletterMetadata), id: chat.id }, await pictureOf(chat.id));
const plainOf = (model) => model?.attributes ?? model ?? {};

// Answers of WhatsApp are of many parts, of which each may be missing.
const answeredChannel = (found) => {
  const pictures = found.newsletterPictureMetadataMixin?.picture ?? [];
  const paths = pictures.map((one) => one.queryPictureDirectPathOrEmptyResponseMixinGroup?.value ?? {});
  const path = (paths.find(({ type }) => type === "image") ?? paths[0])?.directPath;
  const description = found.newsletterDescriptionMetadataMixin?.descriptionQueryDescriptionResponseMixin?.elementValue;
  const values = {
    id: found.idJid,
    name: found.newsletterNameMetadataMixin?.nameElementValue,
    inviteCode: found.newsletterInviteLinkMetadataMixin?.inviteCode,
    description,
    verified: found.newsletterVerificationMetadataMixin?.verificationState === "verified",
    size: found.newsletterSubscribersMetadataMixin?.subscribersCount,
    membershipType: found.newsletterMembershipMetadataMixin?.membershipType,
  };
  return shownChannel(values, pictureAt(path));
};

// By its id, or by the code of its invitation.
const askForChannel = async (key) => {
  const { queryNewsletterMetadataByJid } = WPP.whatsapp.functions;
  const { queryNewsletterMetadataByInviteCode } = require("WAWebNewsletterMetadataQueryJob");
  const ask = key.endsWith("@newsletter") ? queryNewsletterMetadataByJid : queryNewsletterMetadataByInviteCode;
  return (await ask(key, "guest")) ?? refuse("not_found", `There is no channel ${key}.`);
};

const followed = (channelId) =>
  channelOf(channelId) ?? refuse("not_found", `This account neither owns nor follows a channel ${channelId}.`);

// --- calls ------------------------------------------------------------------------------------------------------

calls.channels = async ({ role }) => {
  const all = await Promise.all(ownChannels().map(knownChannel));
  return all.filter((channel) => role == null || channel.role === role);
};

calls.channel = async ({ channelId }) => {
  const isIt = (chat) => isSame(chat.id, channelId) || plainOf(chat.newsletterMetadata).inviteCode === channelId;
  const known = ownChannels().find(isIt);
  return known ? knownChannel(known) : answeredChannel(await askForChannel(channelId));
};

calls.createChannel = async ({ name, description, dataUrl }) => {
  const made = await WPP.newsletter.create(name, { description: description ?? undefined, picture: dataUrl });
  const { idJid, inviteCode, subscribersCount } = made;
  const values = { id: idJid, name, inviteCode, description, size: subscribersCount, membershipType: "owner" };
  return shownChannel(values, dataUrl ? await pictureOf(idJid) : null);
};

calls.deleteChannel = async ({ channelId }) => {
  const { newsletterMetadata } = followed(channelId);
  if (plainOf(newsletterMetadata).membershipType !== "owner") {
    refuse("not_allowed", `This account does not own the channel ${channelId}.`);
  }
  if (!(await WPP.newsletter.destroy(channelId))) throw new Error("WhatsApp did not delete the channel.");
};

calls.followChannel = async ({ channelId, on }) => {
  if (!on) {
    followed(channelId);
    await WPP.newsletter.unfollow(channelId);
  } else if (channelOf(channelId) === null) {
    await askForChannel(channelId);
    await WPP.newsletter.follow(channelId);
  }
};

calls.muteChannel = async ({ channelId, on }) => void (await WPP.newsletter.mute(text(followed(channelId).id), on));

// What the page has of a channel: WA-JS loads nothing of those that are not followed.
calls.channelMessages = async ({ channelId, limit }) => {
  const messages = await WPP.chat.getMessages(text(followed(channelId).id), { count: limit });
  return messages.filter(isMessage).map(plain);
};

// As the real page numbers them.
const CATEGORIES = { BUSINESS: 1, ENTERTAINMENT: 2, LIFESTYLE: 3, NEWS: 4, ORGANIZATIONS: 5, PEOPLE: 6, SPORTS: 7 };

// Not WA-JS's own function: it loses where the next part begins.
calls.searchChannels = async ({ text: searchText, categories, limit, cursor }) => {
  const asked = { searchText, limit, categories: categories.map((name) => CATEGORIES[name]), cursorToken: cursor || undefined };
  const answer = await WPP.whatsapp.functions.mexFetchNewsletterDirectorySearchResults(asked);
  const { result = [], page_info: page = {} } = answer?.xwa2_newsletters_directory_search ?? {};
  const channels = result.map(({ id, thread_metadata: found = {} }) => {
    const values = {
      id,
      name: found.name?.text,
      description: found.description?.text,
      inviteCode: found.invite,
      verified: String(found.verification).toUpperCase() === "VERIFIED",
      size: found.subscribers_count,
    };
    return shownChannel(values, pictureAt(found.picture?.direct_path));
  });
  return {
    page: {
      startCursor: page.startCursor ?? "",
      endCursor: page.endCursor ?? "",
      hasNextPage: Boolean(page.hasNextPage),
      hasPreviousPage: Boolean(page.hasPreviousPage),
    },
    channels,
  };
};
