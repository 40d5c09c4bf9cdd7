// Deutsch.
export default `
agree.agree|Ich stimme zu
agree.answer|Ich stimme zu: {name} antworten
agree.ask|{name} fragen
agree.asked|{name} ist gefragt. Die Antwort kommt als Nachricht.
agree.done|Gib das zurück an die Person, die gefragt hat. Es gilt als deine Zustimmung hierzu und zu nichts anderem.
agree.elsewhere|Auf anderem Weg fragen
agree.hint|Füge ein, was dir jemand zum Zustimmen geschickt hat.
agree.id|Vergleiche die Kennung: {id}
agree.level.anchor|{name} wird Anker der Gemeinschaft.
agree.level.member|{name} wird ein Mitglied ohne Vertrauensstellung.
agree.level.trusted|{name} wird vertraut.
agree.look|Ansehen
agree.more.one|Eine weitere vertraute Person muss einverstanden sein:
agree.more.other|{count} weitere vertraute Personen müssen einverstanden sein:
agree.open|Einer Bitte zustimmen
agree.please.level|Bist du mit einer anderen Stufe für {name} einverstanden?
agree.please.reason|Bist du einverstanden, dass {name} ausgeschlossen wird?
agree.reason.compromised|{name} wird endgültig ausgeschlossen. Grund: {reason}.
agree.reason.inactive|{name} wird endgültig ausgeschlossen. Grund: {reason}.
agree.reason.other|{name} wird endgültig ausgeschlossen. Grund: {reason}.
agree.reason.policy_violation|{name} wird endgültig ausgeschlossen. Grund: {reason}.
agree.see|Bitte ansehen
agree.text|Die Bitte
agree.theirs|Was sie geantwortet haben
agree.title|Einer Bitte zustimmen
agree.too_few.one|Dazu braucht es {needed} Vertraute, und es gibt nur eine Person, die zustimmen könnte. Mache zuerst mehr Mitglieder zu Vertrauten.
agree.too_few.other|Dazu braucht es {needed} Vertraute, und es gibt {count}, die zustimmen könnten. Mache zuerst mehr Mitglieder zu Vertrauten.
agree.use|Zustimmung verwenden
catching_up|Holt von {name} nach: {received} von {total} Nachrichten.
catching_up.left|Noch etwa {time}.
clock.ahead|Die Uhr dieses Geräts geht gegenüber denen der Nachbarn um {time} vor. Verloren geht dadurch nichts, aber Zeiten sehen falsch aus: Stelle sie, sobald du kannst.
clock.behind|Die Uhr dieses Geräts geht gegenüber denen der Nachbarn um {time} nach. Verloren geht dadurch nichts, aber Zeiten sehen falsch aus: Stelle sie, sobald du kannst.
close|Schließen
composer.gone|{name} gehört nicht mehr dazu: Es kann nichts gesendet werden.
composer.label|Nachricht
composer.no_files|Dateien können hier noch nicht gesendet werden.
composer.placeholder|Nachricht schreiben
composer.sealed|Verschlüsselt schreiben
composer.send|Senden
composer.too_long.one|Ein Byte zu lang. Sende es in zwei Teilen.
composer.too_long.other|{count} Bytes zu lang. Sende es in mehreren Teilen.
composer.too_much|Zu lang: höchstens 64 KiB. Nichts davon wurde eingefügt.
connection.lost|Dein Knoten antwortet nicht. Neuer Versuch …
connection.resumed|Wieder verbunden. Es fehlt nichts.
contact.blocked|Blockieren
contact.blocked_hint|Was ab jetzt geschrieben wird, siehst du nicht, auch später nicht, und du kannst nicht dorthin schreiben. Niemand erfährt davon; drüben steht nie, dass etwas zugestellt ist.
contact.blocked_line|Du hast {name} blockiert.
contact.blocked_list|Blockiert
contact.blocked_nobody|Niemand ist blockiert.
contact.clear|Hier löschen
contact.clear_hint|Alle Nachrichten mit {name} werden auf diesem Gerät endgültig gelöscht: Ihre Schlüssel verschwinden. {name} behält die eigenen; was unverschlüsselt gesendet wurde, bleibt im Log, das alle Mitglieder haben; eine ältere Sicherung hat sie noch.
contact.clear_open|Unterhaltung löschen …
contact.cleared.one|Eine Nachricht wurde auf diesem Gerät gelöscht.
contact.cleared.other|{count} Nachrichten wurden auf diesem Gerät gelöscht.
contact.is_blocked|Blockiert
contact.is_muted|Stumm
contact.is_pinned|Angeheftet
contact.keep|Behalten
contact.muted|Stumm schalten
contact.muted_hint|Keine Mitteilung und kein Ton; Ungelesenes wird trotzdem gezählt.
contact.nickname|Spitzname
contact.nickname_hint|Nur für dich: Er steht dort, wo der Name stand. Leer: keiner.
contact.open|Kontakt
contact.pinned|Anheften
contact.pinned_hint|Die Unterhaltung bleibt oben in der Liste.
contact.signed|Nennt sich selbst
contact.unblock|Nicht mehr blockieren
contact.unblocked|{name} ist nicht mehr blockiert.
conversations.draft|Entwurf:
conversations.empty|Du bist als Erstes hier. Lade jemanden aus der Nachbarschaft ein.
conversations.label|Gespräche
conversations.nothing|Noch keine Nachrichten
conversations.unread|ungelesen
conversations.you|Du:
copied|Kopiert
copy_failed|Markiert: Drücke Strg+C
create.action|Gründen
create.example|Zum Beispiel: Mühlgasse
create.hint|Gleich danach kannst du deine Nachbarn einladen.
create.more|Regeln
create.name|Name der Gemeinschaft
create.policy|Um jemanden auszuschließen, braucht es
create.policy_hint|So viele Vertraute müssen einverstanden sein; sind es weniger, alle.
create.signatures.one|eine vertraute Person
create.signatures.other|{count} vertraute Personen
create.title|Gemeinschaft gründen
delete.both|Für beide löschen
delete.both_means|Der Text verschwindet sofort von diesem Gerät, und von dem von {name}, sobald es davon erfährt: Du siehst, wann. Was jemand kopiert oder gedruckt hat, bleibt.
delete.me|Nur hier löschen
delete.me_means|Der Text verschwindet von diesem Gerät; {name} behält ihn. Nur eine ältere Sicherung hat ihn noch.
delete.open|Löschen …
delete.title|Diese Nachricht löschen?
details.deleted|Gelöscht
details.deleted_there|Gelöscht vom Gerät von {name}, das dafür unterschrieben hat
details.e2e|Wer sie liest
details.earlier|Vorher
details.edited|Bearbeitet
details.gone|Endgültig
details.gone_by|bis {day}, wenn der Schlüssel vergeht, der es wieder öffnen könnte; dieses Gerät muss dafür jeden Tag laufen
details.gone_soon|wenn {name} wieder geschrieben hat: Dann vergeht der Schlüssel, der es wieder öffnen könnte
details.id|Ereignis
details.state|Jetzt
details.written|Geschrieben
e2e.clear|Nicht verschlüsselt: Alle in der Gemeinschaft können sie lesen.
e2e.off|Noch nicht verschlüsselt: Alle in der Gemeinschaft können lesen, was du hier schreibst.
e2e.on|Verschlüsselt: Nur du und {name} könnt es lesen.
identity.copy|Meine Kennung kopieren
identity.hint|Für Nachbarn, die danach fragen, um nur dieses Gerät einzuladen. Sie ist öffentlich.
identity.short|Kurz, zum Vergleichen beim Sprechen: {id}
identity.title|Meine Kennung
invite.another|Noch jemanden einladen
invite.by_id|Ein einzelnes Gerät über seine Kennung einladen
invite.choices|Auswahl
invite.copy|Einladung kopieren
invite.days.one|einen Tag
invite.days.other|{count} Tage
invite.done|Gib sie weiter. Sie gilt für dieses eine Gerät, bis {at}.
invite.hello|Grüßen
invite.hint|Lass diesen Code scannen oder verschicke den Text. Dieses Gerät muss an sein, wenn damit jemand beitritt.
invite.id|Kennung des anderen Geräts
invite.id_hint|Frag nach der Kennung, die das andere Gerät auf seiner ersten Seite zeigt.
invite.in|{name} ist da.
invite.lasts|Gilt für
invite.level|Tritt bei als
invite.make|Einladung erstellen
invite.name|Name (wenn du magst)
invite.name_hint|Wird gezeigt, bis das Gerät seinen eigenen sagt.
invite.open|Einladen
invite.people.one|eine Person
invite.people.other|{count} Personen
invite.terms.one|Lässt eine Person herein, bis {at}
invite.terms.other|Lässt {count} Personen herein, bis {at}
invite.title|In die Gemeinschaft einladen
invite.uses|Lässt herein
join.action|Beitreten
join.already|Du gehörst schon zu {name}.
join.hint|Füge ein, was man dir geschickt hat, oder fotografiere den Code.
join.invite|Einladung
join.returned|Zurück in {name}. Was dort geschrieben wurde, kommt von den Nachbarn.
join.title|Mit Einladung beitreten
kept|Was du schreibst, bleibt erhalten.
level.anchor|Anker
level.anchor.title|Hat die Gemeinschaft gegründet oder hält sie am Laufen
level.member|Mitglied
level.member.title|Schreibt und liest
level.trusted|Vertraut
level.trusted.title|Kann helfen, jemanden auszuschließen
lost_there.give.one|Noch einmal senden
lost_there.give.other|Noch einmal senden
lost_there.given.one|Der Schlüssel einer Nachricht ist auf dem Weg zum Gerät von {name}.
lost_there.given.other|Die Schlüssel von {count} Nachrichten sind auf dem Weg zum Gerät von {name}.
lost_there.later|Nicht jetzt
lost_there.one|Das Gerät von {name} hat eine Nachricht von dir verloren. Noch einmal senden? Frag {name} vorher auf anderem Weg: Auch wer den Schlüssel des Geräts gestohlen hat, würde darum bitten.
lost_there.other|Das Gerät von {name} hat {count} Nachrichten von dir verloren. Noch einmal senden? Frag {name} vorher auf anderem Weg: Auch wer den Schlüssel des Geräts gestohlen hat, würde darum bitten.
lost_there.theirs|Auch alles, was {name} in dieser Unterhaltung geschrieben hat: Jenem Gerät kann es fehlen, und es kann nicht danach fragen.
mark.delivered|Zugestellt
mark.delivered.title|Zugestellt {at}: Der andere Knoten hat es quittiert
mark.direct|Angekommen
mark.direct.title|Der andere Knoten hat sie; die Quittung ist unterwegs
mark.failed|Nicht gesendet
mark.failed.title|Nicht gesendet
mark.queued|Wartet
mark.queued.title|Dein Knoten hebt sie auf, bis der andere wieder da ist
mark.read|Gelesen
mark.read.title|Gelesen {at}
mark.sending|Wird gesendet
mark.sending.title|Noch nicht auf der Platte deines Knotens
members.count.one|ein Mitglied
members.count.other|{count} Mitglieder
members.menu|Mehr zu {name}
members.self|Dieses Gerät
members.title|Mitglieder
members.write|{name} schreiben
members.write_short|Schreiben
message.copy|Kopieren
message.deleted|Auf diesem Gerät gelöscht.
message.deleted_both|Gelöscht, auch auf dem Gerät von {name}.
message.deleted_by|Von {name} gelöscht.
message.deleted_by_by_day|Von {name} gelöscht. Endgültig weg bis {day}.
message.deleted_by_day|Auf diesem Gerät gelöscht. Endgültig weg bis {day}.
message.deleting|Hier gelöscht; bei {name} wird gelöscht.
message.details|Einzelheiten
message.discard|Verwerfen
message.edited|bearbeitet
message.expired|Gelöscht: Ihre Zeit war um.
message.from|{name} schrieb:
message.from_you|Du schriebst:
message.in_clear|Für alle lesbar senden
message.lost|Auf diesem Gerät verloren. Bitte {name}, es noch einmal zu senden.
message.more|Mehr zu dieser Nachricht
message.to_delete|Wird gelöscht.
message.unreadable|Verschlüsselt, und nicht zu öffnen: Sie ist beschädigt oder nicht für dieses Gerät.
message.unsupported|Verschlüsselt; ein neueres hearthchat kann sie lesen.
message.waiting|Wartet auf den Schlüssel vom Gerät von {name}: Er wird von allein erbeten.
message.waiting_own|Nach der Sicherung geschrieben, von der dieses Gerät zurückkam. Bitte {name}, es noch einmal zu senden.
message.whole|Alles zeigen
name.hint|Damit deine Nachbarn wissen, wer schreibt. Du kannst ihn jederzeit ändern.
name.keep|Namen übernehmen
name.kept|Dein Name ist geändert.
name.label|Dein Name
namesake.alike|Sieht aus wie der Name eines anderen Mitglieds: Vergleiche die Kennungen
namesake.same|Mehrere heißen so: Vergleiche die Kennungen
other_copy|Noch ein Knoten schreibt mit dem Schlüssel dieses Geräts, vielleicht eine zurückgespielte Sicherung neben ihrem Original. Schalte einen von beiden für immer ab. Weißt du von keinem, hat jemand deinen Schlüssel: Lass dieses Gerät ausschließen.
presence.gone|Gehört nicht mehr dazu
presence.never|noch nicht gesehen
presence.online|online
presence.seen|zuletzt gesehen {at}
problem.agree.bad_request|Dein Knoten versteht die Bitte nicht.
problem.agree.not_found|Die Person, um die es geht, ist hier nicht (mehr) bekannt.
problem.capacity_exceeded|Dein Knoten ist beschäftigt. Versuche es gleich noch einmal.
problem.contact.bad_request|Das kann kein Spitzname sein: eine Zeile mit höchstens 64 Buchstaben, weniger mit Akzenten, und etwas Sichtbarem.
problem.create.bad_request|Gib ihr einen Namen aus 1 bis 64 Zeichen.
problem.internal_error|In deinem Knoten ging etwas schief; sein Protokoll sagt mehr.
problem.invite.bad_request|Das ist keine Kennung. Sie beginnt mit hearthnet-id:// oder ed25519: – frag noch einmal danach.
problem.invite.unauthorized|Du darfst nicht einladen: Die Gemeinschaft überlässt das Vertrauten.
problem.join.bootstrap_unreachable|Der einladende Knoten ist nicht erreichbar. Läuft er, und seid ihr im selben Netz? Dann versuche es noch einmal: Die Einladung bleibt gültig.
problem.join.invite_expired|Die Einladung ist abgelaufen. Bitte um eine neue.
problem.join.invite_invalid|Das ist keine ganze Einladung, oder sie ist schon verbraucht. Kopiere alles davon, ab hearthnet://v1/; hilft das nicht, bitte um eine neue.
problem.join.invitee_mismatch|Die Einladung ist für ein anderes Gerät. Bitte um eine für die Kennung dieses Geräts.
problem.join.revoked|Dieses Gerät wurde aus der Gemeinschaft ausgeschlossen.
problem.join.wrong_community|Dieses Gerät gehört schon zu einer anderen Gemeinschaft.
problem.level.bad_request|Das geht nicht: Vielleicht ist die Stufe schon so, oder ein Einverständnis stimmt nicht.
problem.level.unauthorized|Dazu fehlt noch das Einverständnis von Vertrauten.
problem.name|Ein Name hat 1 bis 64 Zeichen, von denen man welche sieht, und keine, die Zeilen brechen oder die Richtung von Text ändern.
problem.nameless|Sag zuerst, wie du heißt.
problem.no_request|Das ist keine solche Bitte. Sie hat eine Zeile, die so beginnt: hearthchat co-sign
problem.open_invite.unauthorized|Du darfst nicht einladen: Die Gemeinschaft überlässt das Vertrauten.
problem.other|Das ging nicht. Dein Knoten sagt: {message}
problem.rate_limited|Dein Knoten ist beschäftigt. Versuche es gleich noch einmal.
problem.revoke.bad_request|Ein Einverständnis stimmt nicht. Füge ein, was die anderen geantwortet haben.
problem.revoke.unauthorized|Dazu fehlt noch das Einverständnis von Vertrauten.
problem.safety.bad_request|Das ist keine Sicherheitsnummer.
problem.safety.not_found|Diese Person gehört nicht mehr dazu.
problem.safety.safety_number_mismatch|Nicht dieselbe. Entweder war es die Nummer eines anderen Gesprächs, oder jemand ist zwischen euch. Öffnet beide die Nummer und versucht es noch einmal; bleibt sie verschieden, traue diesem Gespräch nicht.
problem.said.e2e_session_missing|Das andere Gerät kann nichts Verschlüsseltes empfangen.
problem.said.expired|Die Nachricht wurde inzwischen gelöscht.
problem.said.no_emoji|Das ist nicht ein Emoji, oder eines, das hierfür zu lang ist.
problem.said.unreachable|Dein Knoten antwortet nicht. Es wird wieder versucht, wenn er zurück ist.
problem.send.e2e_session_missing|Das andere Gerät kann nichts Verschlüsseltes empfangen, deshalb wurde das nicht gesendet. Versuch es noch einmal, wenn es aktualisiert ist.
problem.send.unreachable|Dein Knoten antwortet nicht. Sobald er wieder da ist, wird es noch einmal versucht.
problem.unauthorized|Das darfst du nicht.
problem.unreachable|Dein Knoten antwortet nicht. Läuft er?
qr.of|{what} als QR-Code
retry|Noch einmal versuchen
revoke.action|{name} endgültig ausschließen
revoke.confirm|Zum Fortfahren die kurze Kennung eingeben: {id}
revoke.forever|Das lässt sich nicht zurücknehmen. Um wiederzukommen, braucht {name} einen neuen Geräteschlüssel und eine neue Einladung.
revoke.kept|Was ihr einander geschrieben habt, bleibt.
revoke.open|Ausschließen …
revoke.out|Nichts, was das Gerät von {name} ab jetzt schreibt, zählt noch, für niemanden hier.
revoke.reason|Grund
revoke.reason.compromised|Das Gerät ist verloren oder in falschen Händen
revoke.reason.inactive|Es wird nicht mehr benutzt
revoke.reason.other|Ein anderer Grund
revoke.reason.policy_violation|Verstoß gegen die Regeln der Gemeinschaft
revoke.title|{name} ausschließen?
safety.hint|Vergleiche sie mit {name}, von Angesicht zu Angesicht oder am Telefon. Ist sie gleich, ist niemand zwischen euch.
safety.open|Sicherheitsnummer
safety.same|Verglichen: Sie ist gleich
safety.scan|Oder lies den Code, den {name} dort sieht:
safety.since|Bestätigt {at}: Niemand ist zwischen euch.
safety.title|Sicherheitsnummer mit {name}
safety.verified|Bestätigt: Ihr habt die Sicherheitsnummer verglichen
safety.withdraw|Bestätigung zurücknehmen
said.answer|Als Antwort an
said.cease|Lassen
said.clear|Antworten, Bearbeiten, Reagieren und Löschen brauchen Verschlüsselung, die das Gerät von {name} noch nicht kann.
said.edit|Bearbeiten
said.editing|Deine Nachricht bearbeiten
said.emoji|Emoji
said.emoji_hint|Ein Emoji, aus der Auswahl deiner Tastatur.
said.failed.delete|Nicht gelöscht.
said.failed.edit|Nicht bearbeitet.
said.failed.react|Nicht gesagt.
said.heard.delete|{name} hat eine Nachricht gelöscht.
said.heard.edit|{name} hat eine Nachricht bearbeitet.
said.heard.reaction|{name} hat reagiert: {emoji}
said.kept|Nicht verschlüsselt: Alle Mitglieder behalten sie, und sie kann nicht gelöscht werden.
said.missing|Eine Nachricht, die du nicht sehen kannst
said.other|Ein anderes Emoji
said.react|Reagieren
said.reply|Antworten
said.replying|Antwort an {name}
said.replying_own|Antwort auf deine eigene Nachricht
said.too_late|Die Nachricht wurde inzwischen gelöscht. Was du geschrieben hast, steht noch da.
said.you|Du
scan.camera|Mit der Kamera lesen
scan.file|Aus einem Bild
scan.forbidden|Der Browser erlaubt es nicht. Ändere das in seinen Einstellungen für diese Seite, oder wähle ein Bild.
scan.found|Code gelesen
scan.hint|Halte den Code vor die Kamera.
scan.no_camera|Es gibt keine Kamera, die geht. Wähle ein Bild, oder füge den Text ein.
scan.no_picture|Dieses Bild lässt sich nicht öffnen.
scan.nothing|Kein QR-Code darin gefunden. Fotografiere ihn näher und gerader, oder füge den Text ein.
scan.other|Dieser Code ist etwas anderes.
scan.title|Code lesen
search.everywhere|Nur mit {name}; drücken, um überall zu suchen
search.found.one|eins gefunden
search.found.other|{count} gefunden
search.label|Leute und Worte suchen
search.many|Die neuesten {count}
search.nothing|Nichts gefunden
search.people|Menschen
search.scope|mit {name}
set_back|Dieses Gerät hat mit einem älteren Stand weitergemacht: einer Sicherung, oder nachdem sein Log verloren war. Was inzwischen geschrieben wurde, kommt von selbst. Was du dann nicht lesen kannst, bitte die anderen, noch einmal zu senden.
settings.auto|Wie dieses Gerät
settings.dark|Dunkel
settings.hint|Wenn eine Nachricht kommt und du woanders hinsiehst.
settings.language|Sprache
settings.light|Hell
settings.notifications|Benachrichtigungen
settings.notifications_denied|Der Browser erlaubt es nicht. Ändere das in seinen Einstellungen für diese Seite.
settings.sound|Ton
settings.theme|Farben
settings.title|Einstellungen
share|Teilen
standing.make.anchor|Zum Anker machen
standing.make.member|Zum Mitglied machen
standing.make.trusted|Zum Vertrauten machen
standing.means.anchor|{name} hält dann die Gemeinschaft am Laufen und entscheidet wie Vertraute mit, wer ausgeschlossen wird.
standing.means.member|{name} schreibt und liest weiter, entscheidet aber nicht mehr mit, wer ausgeschlossen wird.
standing.means.trusted|{name} darf dann Vertraute einladen und helfen, jemanden auszuschließen.
standing.title.anchor|{name} zum Anker machen?
standing.title.member|{name} wieder zum Mitglied machen?
standing.title.trusted|{name} vertrauen?
thread.back|Zurück zur Liste
thread.choose|Wähle jemanden aus, oder suche nach einem Wort.
thread.empty|Noch nichts hier. Sag {name} hallo!
thread.messages|Nachrichten
thread.new.one|Eine neue Nachricht
thread.new.other|{count} neue Nachrichten
thread.read_all|Alles als gelesen markieren
thread.search|In diesem Gespräch suchen
thread.to_end|Zum Neuesten
thread.unread|Neu
unkept|Dieser Browser hat keinen Platz mehr oder darf nichts aufheben: Entwürfe, Einstellungen und noch nicht Gesendetes sind weg, wenn du diese Seite schließt.
welcome.lead|Ein Chat für die Nachbarschaft, der kein Internet braucht. Gründe eine Gemeinschaft, oder tritt einer bei.
welcome.lost|Die Nachrichten dieses Geräts sind verloren. Mit einem Nachbarn im selben Netz kommen sie von allein zurück, sonst mit irgendeiner Einladung der Gemeinschaft, alt oder neu: Mehr braucht es nicht.
welcome.title|Willkommen am Herd
`;
