// What is said, in two languages: t('key', {name}) with {name} put in; a count chooses between one and other.

const LANGUAGES = ['en', 'de'];

// key|English|German. Without an English one, the node’s own sentence is shown.
const TABLE = Object.fromEntries(`
close|Close|Schließen
composer.gone|{name} is no member any more: nothing can be sent.|{name} gehört nicht mehr dazu: Es kann nichts gesendet werden.
composer.label|Message|Nachricht
composer.no_files|Files can’t be sent from here yet.|Dateien können hier noch nicht gesendet werden.
composer.placeholder|Write a message|Nachricht schreiben
composer.send|Send|Senden
composer.too_long.one|One byte too long. Send it in two parts.|Ein Byte zu lang. Sende es in zwei Teilen.
composer.too_long.other|{count} bytes too long. Send it in several parts.|{count} Bytes zu lang. Sende es in mehreren Teilen.
connection.lost|Your node does not answer. Trying again … What you write is kept.|Dein Knoten antwortet nicht. Neuer Versuch … Was du schreibst, bleibt erhalten.
connection.resumed|Connected again. Nothing was missed.|Wieder verbunden. Es fehlt nichts.
conversations.draft|Draft:|Entwurf:
conversations.empty|You are the first here. Invite a neighbour to begin.|Du bist als Erstes hier. Lade jemanden aus der Nachbarschaft ein.
conversations.label|Conversations|Gespräche
conversations.nothing|No messages yet|Noch keine Nachrichten
conversations.unread|unread|ungelesen
conversations.you|You:|Du:
copied|Copied|Kopiert
copy_failed|Selected: press Ctrl+C|Markiert: Drücke Strg+C
create.action|Create|Gründen
create.hint|You can invite your neighbours right after.|Gleich danach kannst du deine Nachbarn einladen.
create.more|Rules|Regeln
create.name|Its name|Ihr Name
create.policy|Shutting somebody out takes|Um jemanden auszuschließen, braucht es
create.policy_hint|How many trusted members must agree; if there are fewer, all.|So viele Vertraute müssen einverstanden sein; sind es weniger, alle.
create.signatures.one|one trusted member|eine vertraute Person
create.signatures.other|{count} trusted members|{count} vertraute Personen
create.title|Create a community|Gemeinschaft gründen
details.id|Event|Ereignis
details.state|Now|Jetzt
details.written|Written|Geschrieben
identity.copy|Copy my id|Meine Kennung kopieren
identity.hint|Show or send this to the neighbour who invites you. It is public.|Zeige oder sende sie dem Nachbarn, der dich einlädt. Sie ist öffentlich.
identity.short|In short, to compare by voice: {id}|Kurz, zum Vergleichen beim Sprechen: {id}
identity.title|My id|Meine Kennung
invite.another|Invite somebody else|Noch jemanden einladen
invite.copy|Copy the invite|Einladung kopieren
invite.days.one|one day|einen Tag
invite.days.other|{count} days|{count} Tage
invite.done|Give this to your neighbour. It works for that one device, until {at}.|Gib sie weiter. Sie gilt für dieses eine Gerät, bis {at}.
invite.hint|Ask for the id that their device shows on its first page.|Frag nach der Kennung, die das andere Gerät auf seiner ersten Seite zeigt.
invite.id|Their id|Kennung des anderen Geräts
invite.lasts|Valid for|Gilt für
invite.level|They join as|Tritt bei als
invite.make|Make the invite|Einladung erstellen
invite.name|Their name (if you like)|Name (wenn du magst)
invite.name_hint|Shown until their device says its own.|Wird gezeigt, bis das Gerät seinen eigenen sagt.
invite.open|Invite|Einladen
invite.title|Invite a neighbour|In die Gemeinschaft einladen
join.action|Join|Beitreten
join.hint|Paste the text that a neighbour made for this device, or take a picture of its code.|Füge den Text ein, der für dieses Gerät erstellt wurde, oder fotografiere seinen Code.
join.invite|Invite|Einladung
join.title|Join with an invite|Mit Einladung beitreten
level.anchor|Anchor|Anker
level.anchor.title|Founded the community, or keeps it running|Hat die Gemeinschaft gegründet oder hält sie am Laufen
level.member|Member|Mitglied
level.member.title|Writes and reads|Schreibt und liest
level.trusted|Trusted|Vertraut
level.trusted.title|May help to shut somebody out|Kann helfen, jemanden auszuschließen
mark.delivered|Delivered|Zugestellt
mark.delivered.title|Delivered {at}: their node has signed for it|Zugestellt {at}: Der andere Knoten hat es quittiert
mark.direct|Received|Angekommen
mark.direct.title|Their node has it; its receipt is on its way|Der andere Knoten hat sie; die Quittung ist unterwegs
mark.failed|Not sent|Nicht gesendet
mark.failed.title|Not sent|Nicht gesendet
mark.queued|Queued|Wartet
mark.queued.title|Kept by your node until theirs is back|Dein Knoten hebt sie auf, bis der andere wieder da ist
mark.read|Read|Gelesen
mark.read.title|Read {at}|Gelesen {at}
mark.sending|Sending|Wird gesendet
mark.sending.title|Not on your node’s disk yet|Noch nicht auf der Platte deines Knotens
members.count.one|one member|ein Mitglied
members.count.other|{count} members|{count} Mitglieder
members.namesake|Several have this name: compare the ids|Mehrere heißen so: Vergleiche die Kennungen
members.self|This device|Dieses Gerät
members.title|Members|Mitglieder
members.write|Write to {name}|{name} schreiben
members.write_short|Write|Schreiben
message.discard|Discard|Verwerfen
message.from|{name} wrote:|{name} schrieb:
message.from_you|You wrote:|Du schriebst:
message.sealed|Encrypted; a newer hearthchat can read it.|Verschlüsselt; ein neueres hearthchat kann sie lesen.
message.whole|Show all of it|Alles zeigen
presence.gone|No member any more|Gehört nicht mehr dazu
presence.never|not seen yet|noch nicht gesehen
presence.online|online|online
presence.seen|last seen {at}|zuletzt gesehen {at}
problem.capacity_exceeded|Your node is busy. Try again in a moment.|Dein Knoten ist beschäftigt. Versuche es gleich noch einmal.
problem.create.bad_request|Give it a name of 1 to 64 characters.|Gib ihr einen Namen aus 1 bis 64 Zeichen.
problem.internal_error||In deinem Knoten ging etwas schief; sein Protokoll sagt mehr.
problem.invite.bad_request|That is no device’s id. It begins with hearthnet-id:// or ed25519: – ask for it once more.|Das ist keine Kennung. Sie beginnt mit hearthnet-id:// oder ed25519: – frag noch einmal danach.
problem.invite.unauthorized|You may not invite: the community leaves that to trusted members.|Du darfst nicht einladen: Die Gemeinschaft überlässt das Vertrauten.
problem.join.bootstrap_unreachable|The neighbour’s node can’t be reached. Is it running, and are you on the same network? Then try again: the invite stays good.|Der einladende Knoten ist nicht erreichbar. Läuft er, und seid ihr im selben Netz? Dann versuche es noch einmal: Die Einladung bleibt gültig.
problem.join.invite_expired|The invite has expired. Ask for a new one.|Die Einladung ist abgelaufen. Bitte um eine neue.
problem.join.invite_invalid|That is no whole invite. It begins with hearthnet://v1/ – copy all of it.|Das ist keine ganze Einladung. Sie beginnt mit hearthnet://v1/ – kopiere alles davon.
problem.join.invitee_mismatch|The invite was made for another device. Ask for one for this device’s id.|Die Einladung ist für ein anderes Gerät. Bitte um eine für die Kennung dieses Geräts.
problem.join.revoked||Dieses Gerät wurde aus der Gemeinschaft ausgeschlossen.
problem.join.wrong_community||Dieses Gerät gehört schon zu einer anderen Gemeinschaft.
problem.other||Das ging nicht. Dein Knoten sagt: {message}
problem.rate_limited|Your node is busy. Try again in a moment.|Dein Knoten ist beschäftigt. Versuche es gleich noch einmal.
problem.revoke.bad_request|An agreement isn’t right. Paste what co-sign printed for the others, one a line.|Ein Einverständnis stimmt nicht. Füge ein, was co-sign bei den anderen ausgab, eines je Zeile.
problem.revoke.unauthorized||Dazu fehlt noch das Einverständnis von Vertrauten.
problem.send.unreachable|Your node does not answer. It is tried again when it is back.|Dein Knoten antwortet nicht. Sobald er wieder da ist, wird es noch einmal versucht.
problem.unauthorized||Das darfst du nicht.
problem.unreachable|Your node does not answer. Is it running?|Dein Knoten antwortet nicht. Läuft er?
qr.of|{what}, as a QR code|{what} als QR-Code
retry|Try again|Noch einmal versuchen
revoke.action|Shut {name} out for good|{name} endgültig ausschließen
revoke.agreements|What they got, one a line|Was sie bekamen, eines je Zeile
revoke.confirm|To go on, type the name: {name}|Zum Fortfahren den Namen eingeben: {name}
revoke.forever|It can’t be taken back. To return, {name} needs a new device key and a new invite.|Das lässt sich nicht zurücknehmen. Um wiederzukommen, braucht {name} einen neuen Geräteschlüssel und eine neue Einladung.
revoke.kept|What you wrote to each other stays.|Was ihr einander geschrieben habt, bleibt.
revoke.more.one|One more trusted member must agree. They run this on their machine:|Eine weitere vertraute Person muss einverstanden sein. Sie gibt auf ihrem Rechner ein:
revoke.more.other|{count} more trusted members must agree. Each runs this on their machine:|{count} weitere vertraute Personen müssen einverstanden sein. Jede gibt auf ihrem Rechner ein:
revoke.open|Shut out …|Ausschließen …
revoke.out|Nothing that {name}’s device writes from now on counts, for anybody here.|Nichts, was das Gerät von {name} ab jetzt schreibt, zählt noch, für niemanden hier.
revoke.reason|Reason|Grund
revoke.reason.compromised|The device is lost or in wrong hands|Das Gerät ist verloren oder in falschen Händen
revoke.reason.inactive|It is not used any more|Es wird nicht mehr benutzt
revoke.reason.other|Another reason|Ein anderer Grund
revoke.reason.policy_violation|It broke the community’s rules|Verstoß gegen die Regeln der Gemeinschaft
revoke.title|Shut {name} out?|{name} ausschließen?
scan.camera|Scan with the camera|Mit der Kamera lesen
scan.file|From a picture|Aus einem Bild
scan.forbidden|The browser does not allow it. Change that in its settings for this page, or choose a picture.|Der Browser erlaubt es nicht. Ändere das in seinen Einstellungen für diese Seite, oder wähle ein Bild.
scan.found|Code read|Code gelesen
scan.hint|Hold the code in front of the camera.|Halte den Code vor die Kamera.
scan.no_camera|There is no camera that works. Choose a picture, or paste the text.|Es gibt keine Kamera, die geht. Wähle ein Bild, oder füge den Text ein.
scan.no_picture|This is no picture that can be opened.|Dieses Bild lässt sich nicht öffnen.
scan.nothing|No QR code found in it. Take it closer and straighter, or paste the text.|Kein QR-Code darin gefunden. Fotografiere ihn näher und gerader, oder füge den Text ein.
scan.other|That code is something else.|Dieser Code ist etwas anderes.
scan.title|Scan a code|Code lesen
search.everywhere|Only with {name}; press to search everywhere|Nur mit {name}; drücken, um überall zu suchen
search.found.one|one found|eins gefunden
search.found.other|{count} found|{count} gefunden
search.label|Search people and words|Leute und Worte suchen
search.many|The newest {count}|Die neuesten {count}
search.nothing|Nothing found|Nichts gefunden
search.people|People|Menschen
search.scope|with {name}|mit {name}
settings.auto|As this device|Wie dieses Gerät
settings.dark|Dark|Dunkel
settings.language|Language|Sprache
settings.light|Light|Hell
settings.notifications|Notifications|Benachrichtigungen
settings.notifications_denied|The browser does not allow it. Change that in its settings for this page.|Der Browser erlaubt es nicht. Ändere das in seinen Einstellungen für diese Seite.
settings.hint|When a message arrives and you look elsewhere.|Wenn eine Nachricht kommt und du woanders hinsiehst.
settings.sound|Sound|Ton
settings.theme|Colours|Farben
settings.title|Settings|Einstellungen
share|Share|Teilen
thread.back|Back to the list|Zurück zur Liste
thread.choose|Choose a neighbour, or search for a word.|Wähle jemanden aus, oder suche nach einem Wort.
thread.empty|Nothing here yet. Say hello to {name}!|Noch nichts hier. Sag {name} hallo!
thread.messages|Messages|Nachrichten
thread.new.one|One new message|Eine neue Nachricht
thread.new.other|{count} new messages|{count} neue Nachrichten
thread.search|Search in this conversation|In diesem Gespräch suchen
thread.to_end|To the newest|Zum Neuesten
thread.unread|New|Neu
welcome.lead|A chat for your neighbourhood that needs no internet. Start a community, or join one.|Ein Chat für die Nachbarschaft, der kein Internet braucht. Gründe eine Gemeinschaft, oder tritt einer bei.
welcome.title|Welcome to the hearth|Willkommen am Herd
`.trim().split('\n').map((line) => line.split('|')).map(([key, ...columns]) => [key, columns]));

export const languageOf = (wanted) => [wanted, ...navigator.languages].map((tag) => tag.slice(0, 2)).find((tag) => LANGUAGES.includes(tag)) ?? 'en';

/** The browser's own kind of it, for times. */
export const localeOf = (language) => navigator.languages.find((tag) => tag.startsWith(language)) ?? language;

export function createWords(language) {
  const column = LANGUAGES.indexOf(language);
  const plural = new Intl.PluralRules(language);
  const t = (key, values = {}) => (TABLE[key] ?? TABLE[`${key}.${plural.select(values.count)}`])[column]
    .replace(/\{(\w+)\}/g, (_, name) => values[name]);
  /** What went wrong and what to do: in words of this place if there are any, else the node's. */
  t.problem = (error, place) => {
    const key = [`problem.${place}.${error.code}`, `problem.${error.code}`].find((name) => TABLE[name]) ?? 'problem.other';
    return t(key, error) || error.message;
  };
  return t;
}
