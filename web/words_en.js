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
composer.send|Send
composer.too_long.one|One byte too long. Send it in two parts.
composer.too_long.other|{count} bytes too long. Send it in several parts.
composer.too_much|Too long: 64 KiB at most. Nothing of it was pasted.
connection.lost|Your node does not answer. Trying again …
connection.resumed|Connected again. Nothing was missed.
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
details.id|Event
details.state|Now
details.written|Written
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
message.details|Details
message.discard|Discard
message.from|{name} wrote:
message.from_you|You wrote:
message.more|More about this message
message.sealed|Encrypted; a newer hearthchat can read it.
message.whole|Show all of it
name.hint|So your neighbours know who writes. You can change it at any time.
name.keep|Keep this name
name.kept|Your name is changed.
name.label|Your name
namesake.alike|Looks like another member’s name: compare the ids
namesake.same|Several have this name: compare the ids
other_copy|Another node writes with this device’s key, perhaps a restored backup beside its original. Stop one of them for good.
presence.gone|No member any more
presence.never|not seen yet
presence.online|online
presence.seen|last seen {at}
problem.agree.bad_request|
problem.agree.not_found|The one whom it is about is not known here (any more).
problem.capacity_exceeded|Your node is busy. Try again in a moment.
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
