// English. Behind a problem’s key stands nothing where the node’s own sentence is shown.
export default `
agree.agree|I agree
agree.answer|I agree: tell {name}
agree.ask|Ask {name}
agree.asked|{name} is asked. The answer comes as a message.
agree.done|Give this back to who asked. It counts as your agreement to this alone.
agree.elsewhere|Ask in another way
agree.hint|Paste what somebody sent you to agree to.
agree.id|Compare the id: {id}
agree.level.anchor|{name} becomes an anchor of the community.
agree.level.member|{name} becomes a member without trust.
agree.level.trusted|{name} becomes a trusted member.
agree.look|Look at it
agree.more.one|One more trusted member must agree:
agree.more.other|{count} more trusted members must agree:
agree.open|Agree to a request
agree.please.level|Do you agree to another level for {name}?
agree.please.reason|Do you agree that {name} is shut out?
agree.reason.compromised|{name} is shut out for good. Reason: {reason}.
agree.reason.inactive|{name} is shut out for good. Reason: {reason}.
agree.reason.other|{name} is shut out for good. Reason: {reason}.
agree.reason.policy_violation|{name} is shut out for good. Reason: {reason}.
agree.see|Look at the request
agree.text|The request
agree.theirs|What they answered
agree.title|Agree to a request
agree.too_few.one|This takes {needed} trusted members, and there is one who could agree. Make more members trusted first.
agree.too_few.other|This takes {needed} trusted members, and there are {count} who could agree. Make more members trusted first.
agree.use|Use the agreement
catching_up|Catching up with {name}: {received} of {total} messages.
catching_up.left|About {time} left.
clock.ahead|This device’s clock is {time} ahead of your neighbours’. Nothing is lost by it, but times look wrong: set it when you can.
clock.behind|This device’s clock is {time} behind your neighbours’. Nothing is lost by it, but times look wrong: set it when you can.
close|Close
composer.gone|{name} is no member any more: nothing can be sent.
composer.label|Message
composer.no_files|Files can’t be sent from here yet.
composer.placeholder|Write a message
composer.sealed|Write, encrypted
composer.send|Send
composer.too_long.one|One byte too long. Send it in two parts.
composer.too_long.other|{count} bytes too long. Send it in several parts.
composer.too_much|Too long: 64 KiB at most. Nothing of it was pasted.
connection.lost|Your node does not answer. Trying again …
connection.resumed|Connected again. Nothing was missed.
contact.blocked|Block
contact.blocked_hint|You don’t see what they write from now on, not later either, and you can’t write to them. They are not told; for them it is never marked as delivered.
contact.blocked_line|You have blocked {name}.
contact.blocked_list|Blocked
contact.blocked_nobody|Nobody is blocked.
contact.clear|Delete here
contact.clear_hint|All messages with {name} are deleted on this device, for good: their keys go. {name} keeps theirs; what was sent unencrypted stays in the log that every member has; an older backup still has them.
contact.clear_open|Delete the conversation …
contact.cleared.one|One message was deleted on this device.
contact.cleared.other|{count} messages were deleted on this device.
contact.is_blocked|Blocked
contact.is_muted|Muted
contact.is_pinned|Pinned
contact.keep|Keep
contact.muted|Mute
contact.muted_hint|No notification and no sound; unread messages are counted all the same.
contact.nickname|Nickname
contact.nickname_hint|For you alone: it stands where the name did. Empty: none.
contact.open|Contact
contact.pinned|Pin
contact.pinned_hint|The conversation stays at the top of the list.
contact.signed|They call themselves
contact.unblock|Unblock
contact.unblocked|{name} is not blocked any more.
conversations.draft|Draft:
conversations.empty|You are the first here. Invite a neighbour to begin.
conversations.label|Conversations
conversations.nothing|No messages yet
conversations.unread|unread
conversations.you|You:
copied|Copied
copy_failed|Selected: press Ctrl+C
create.action|Create
create.example|For example: Mill Lane
create.hint|You can invite your neighbours right after.
create.more|Rules
create.name|Name of the community
create.policy|Shutting somebody out takes
create.policy_hint|How many trusted members must agree; if there are fewer, all.
create.signatures.one|one trusted member
create.signatures.other|{count} trusted members
create.title|Create a community
delete.both|Delete for both
delete.both_means|Its words go from this device at once, and from {name}’s when it hears of it: you see when it did. What somebody copied or printed stays.
delete.me|Delete here only
delete.me_means|Its words go from this device; {name} keeps them. Only an older backup has them still.
delete.open|Delete …
delete.title|Delete this message?
details.deleted|Deleted
details.deleted_there|Deleted by {name}’s device, which signed for it
details.e2e|Who reads it
details.earlier|Before
details.edited|Edited
details.gone|For good
details.gone_by|by {day}, when the key that could open it again goes, if this device runs each day
details.gone_soon|when {name} has written again: then the key goes that could open it again
details.id|Event
details.state|Now
details.written|Written
e2e.clear|Not encrypted: every member of the community can read it.
e2e.off|Not encrypted yet: every member of the community can read what you write here.
e2e.on|Encrypted: only you and {name} can read it.
identity.copy|Copy my id
identity.hint|For a neighbour who asks for it, to invite just this device. It is public.
identity.short|In short, to compare by voice: {id}
identity.title|My id
invite.another|Invite somebody else
invite.by_id|Invite one device by its id
invite.choices|Choices
invite.copy|Copy the invite
invite.days.one|one day
invite.days.other|{count} days
invite.done|Give this to your neighbour. It works for that one device, until {at}.
invite.hello|Say hello
invite.hint|Let your neighbour scan this code, or send them the text. This device has to be on when they join.
invite.id|Their id
invite.id_hint|Ask for the id that their device shows on its first page.
invite.in|{name} is in.
invite.lasts|Valid for
invite.level|They join as
invite.make|Make the invite
invite.name|Their name (if you like)
invite.name_hint|Shown until their device says its own.
invite.open|Invite
invite.people.one|one person
invite.people.other|{count} people
invite.terms.one|Lets one person in, until {at}
invite.terms.other|Lets {count} people in, until {at}
invite.title|Invite a neighbour
invite.uses|Lets in
join.action|Join
join.already|You are in {name} already.
join.hint|Paste what a neighbour sent you, or take a picture of their code.
join.invite|Invite
join.returned|Back in {name}. What was written there comes from your neighbours.
join.title|Join with an invite
kept|What you write is kept.
level.anchor|Anchor
level.anchor.title|Founded the community, or keeps it running
level.member|Member
level.member.title|Writes and reads
level.trusted|Trusted
level.trusted.title|May help to shut somebody out
lost_there.give.one|Send it again
lost_there.give.other|Send them again
lost_there.given.one|The key of one message is on its way to {name}’s device.
lost_there.given.other|The keys of {count} messages are on their way to {name}’s device.
lost_there.later|Not now
lost_there.one|{name}’s device has lost one message of yours. Send it again? Ask {name} first, in another way: a thief of the device’s key would ask for it, too.
lost_there.other|{name}’s device has lost {count} messages of yours. Send them again? Ask {name} first, in another way: a thief of the device’s key would ask for them, too.
lost_there.theirs|Also all that {name} wrote in this conversation: that device may have lost it, and can’t ask for it.
mark.delivered|Delivered
mark.delivered.title|Delivered {at}: their node has signed for it
mark.direct|Received
mark.direct.title|Their node has it; its receipt is on its way
mark.failed|Not sent
mark.failed.title|Not sent
mark.queued|Queued
mark.queued.title|Kept by your node until theirs is back
mark.read|Read
mark.read.title|Read {at}
mark.sending|Sending
mark.sending.title|Not on your node’s disk yet
members.count.one|one member
members.count.other|{count} members
members.menu|More about {name}
members.self|This device
members.title|Members
members.write|Write to {name}
members.write_short|Write
message.copy|Copy
message.deleted|Deleted on this device.
message.deleted_both|Deleted, on {name}’s device too.
message.deleted_by|Deleted by {name}.
message.deleted_by_by_day|Deleted by {name}. Gone for good by {day}.
message.deleted_by_day|Deleted on this device. Gone for good by {day}.
message.deleting|Deleted here; being deleted at {name}’s.
message.details|Details
message.discard|Discard
message.edited|edited
message.expired|Deleted: its time was over.
message.from|{name} wrote:
message.from_you|You wrote:
message.in_clear|Send it for all to read
message.lost|Lost on this device. Ask {name} to send it again.
message.more|More about this message
message.to_delete|Is being deleted.
message.unreadable|Encrypted, and can’t be opened: it is damaged, or not for this device.
message.unsupported|Encrypted; a newer hearthchat can read it.
message.waiting|Waiting for the key from {name}’s device: it is asked for by itself.
message.waiting_own|Written here after the backup that this device came back from. Ask {name} to send it again.
message.whole|Show all of it
name.hint|So your neighbours know who writes. You can change it at any time.
name.keep|Keep this name
name.kept|Your name is changed.
name.label|Your name
namesake.alike|Looks like another member’s name: compare the ids
namesake.same|Several have this name: compare the ids
other_copy|Another node writes with this device’s key, perhaps a restored backup beside its original. Stop one of them for good. If you know of none, somebody has your key: have this device shut out.
presence.gone|No member any more
presence.never|not seen yet
presence.online|online
presence.seen|last seen {at}
problem.agree.bad_request|
problem.agree.not_found|The one whom it is about is not known here (any more).
problem.capacity_exceeded|Your node is busy. Try again in a moment.
problem.contact.bad_request|This can’t be a nickname: one line of at most 64 letters, fewer if they have accents, with something to be seen.
problem.create.bad_request|Give it a name of 1 to 64 characters.
problem.internal_error|
problem.invite.bad_request|That is no device’s id. It begins with hearthnet-id:// or ed25519: – ask for it once more.
problem.invite.unauthorized|You may not invite: the community leaves that to trusted members.
problem.join.bootstrap_unreachable|The neighbour’s node can’t be reached. Is it running, and are you on the same network? Then try again: the invite stays good.
problem.join.invite_expired|The invite has expired. Ask for a new one.
problem.join.invite_invalid|That is no whole invite, or it has been used up. Copy all of it, from hearthnet://v1/ on; if that does not help, ask for a new one.
problem.join.invitee_mismatch|The invite was made for another device. Ask for one for this device’s id.
problem.join.revoked|
problem.join.wrong_community|
problem.level.bad_request|
problem.level.unauthorized|
problem.name|
problem.nameless|Say first what you are called.
problem.no_request|That is no request. It has a line that begins with: hearthchat co-sign
problem.open_invite.unauthorized|You may not invite: the community leaves that to trusted members.
problem.other|
problem.rate_limited|Your node is busy. Try again in a moment.
problem.revoke.bad_request|An agreement isn’t right. Paste what the others answered.
problem.revoke.unauthorized|
problem.safety.bad_request|That is no safety number.
problem.safety.not_found|They are no member any more.
problem.safety.safety_number_mismatch|Not the same. Either you scanned the number of another conversation, or somebody is between you. Have both numbers open and try again; if they still differ, don’t trust this conversation.
problem.said.e2e_session_missing|Their device can’t receive encrypted messages.
problem.said.expired|The message was deleted meanwhile.
problem.said.no_emoji|That is not one emoji, or one too long for this.
problem.said.unreachable|Your node does not answer. It is tried again when it is back.
problem.send.e2e_session_missing|Their device can’t receive encrypted messages, so this was not sent. Try again when theirs was updated.
problem.send.unreachable|Your node does not answer. It is tried again when it is back.
problem.unauthorized|
problem.unreachable|Your node does not answer. Is it running?
qr.of|{what}, as a QR code
retry|Try again
revoke.action|Shut {name} out for good
revoke.confirm|To go on, type the short id: {id}
revoke.forever|It can’t be taken back. To return, {name} needs a new device key and a new invite.
revoke.kept|What you wrote to each other stays.
revoke.open|Shut out …
revoke.out|Nothing that {name}’s device writes from now on counts, for anybody here.
revoke.reason|Reason
revoke.reason.compromised|The device is lost or in wrong hands
revoke.reason.inactive|It is not used any more
revoke.reason.other|Another reason
revoke.reason.policy_violation|It broke the community’s rules
revoke.title|Shut {name} out?
safety.hint|Compare it with {name}, face to face or by phone. If it is the same, nobody is between you.
safety.open|Safety number
safety.same|We compared it: it is the same
safety.scan|Or scan the code that {name} sees there:
safety.since|Verified {at}: nobody is between you.
safety.title|Safety number with {name}
safety.verified|Verified: you compared the safety number
safety.withdraw|Take the mark away
said.answer|In answer to
said.cease|Leave it
said.clear|Replying, editing, reacting and deleting need encryption, which {name}’s device can’t do yet.
said.edit|Edit
said.editing|Edit your message
said.emoji|Emoji
said.emoji_hint|One emoji, from your keyboard’s own picker.
said.failed.delete|Not deleted.
said.failed.edit|Not edited.
said.failed.react|Not said.
said.heard.delete|{name} deleted a message.
said.heard.edit|{name} edited a message.
said.heard.reaction|{name} reacted: {emoji}
said.kept|Not encrypted: every member keeps it, and it can’t be deleted.
said.missing|A message you can’t see
said.other|Another emoji
said.react|React
said.reply|Reply
said.replying|Reply to {name}
said.replying_own|Reply to your own message
said.too_late|The message was deleted meanwhile. What you typed is still here.
said.you|You
scan.camera|Scan with the camera
scan.file|From a picture
scan.forbidden|The browser does not allow it. Change that in its settings for this page, or choose a picture.
scan.found|Code read
scan.hint|Hold the code in front of the camera.
scan.no_camera|There is no camera that works. Choose a picture, or paste the text.
scan.no_picture|This is no picture that can be opened.
scan.nothing|No QR code found in it. Take it closer and straighter, or paste the text.
scan.other|That code is something else.
scan.title|Scan a code
search.everywhere|Only with {name}; press to search everywhere
search.found.one|one found
search.found.other|{count} found
search.label|Search people and words
search.many|The newest {count}
search.nothing|Nothing found
search.people|People
search.scope|with {name}
set_back|This device went on from an older state: a backup, or a log that was lost. What was written meanwhile comes by itself. What you then can’t read, ask the others to send again.
settings.auto|As this device
settings.dark|Dark
settings.hint|When a message arrives and you look elsewhere.
settings.language|Language
settings.light|Light
settings.notifications|Notifications
settings.notifications_denied|The browser does not allow it. Change that in its settings for this page.
settings.sound|Sound
settings.theme|Colours
settings.title|Settings
share|Share
standing.make.anchor|Make anchor
standing.make.member|Make member
standing.make.trusted|Make trusted
standing.means.anchor|{name} then keeps the community running, and decides who is shut out as trusted members do.
standing.means.member|{name} still writes and reads, but no more decides who is shut out.
standing.means.trusted|{name} may then invite trusted members, and help to shut somebody out.
standing.title.anchor|Make {name} an anchor?
standing.title.member|Make {name} a member again?
standing.title.trusted|Trust {name}?
thread.back|Back to the list
thread.choose|Choose a neighbour, or search for a word.
thread.empty|Nothing here yet. Say hello to {name}!
thread.messages|Messages
thread.new.one|One new message
thread.new.other|{count} new messages
thread.read_all|Mark all as read
thread.search|Search in this conversation
thread.to_end|To the newest
thread.unread|New
unkept|This browser has no room left, or may keep nothing: drafts, settings and what is not sent yet are gone when you close this page.
welcome.lead|A chat for your neighbourhood that needs no internet. Start a community, or join one.
welcome.lost|This device’s messages are lost. With a neighbour in the same network they come back by themselves, elsewhere with any invite of the community, old or new: nothing else is needed.
welcome.title|Welcome to the hearth
`;
