# doc/ipc.md from mail/ipc.def:  awk -f tests/ipc_doc.awk mail/ipc.def
BEGIN {
	print "# Messages between the programs\n"
	print "Made from `mail/ipc.def` by `tests/ipc_doc.awk`. A frame is: length of the"
	print "rest (u32), code (u16), id (u32), fields; integers are big-endian, text and"
	print "bytes have a u32 length in front. A reply goes to the call with its id."
}
/^\/\* ---- / {
	sub(/^\/\* ---- /, ""); sub(/ -*  *\*\/$/, ""); sub(/ -+$/, "")
	print "\n## " toupper(substr($0, 1, 1)) substr($0, 2)
}
/^(MSG|REPLY)\(/ {
	kind = /^MSG/ ? "" : " (reply)"
	text = $0; sub(/^[^"]*"/, "", text); sub(/"\)$/, "", text)
	head = $0; sub(/^[A-Z]+\(/, "", head); sub(/ *"[^"]*"\)$/, "", head)
	n = split(head, part, /, */)
	gsub(/IPC_/, "", part[3])
	print "\n**" part[1] "** `" part[2] "`" kind ": " tolower(part[3]) " to " \
	    tolower(part[4]) ". " toupper(substr(text, 1, 1)) substr(text, 2) "."
}
/^\tFIELD\(/ {
	text = $0; sub(/^[^"]*"/, "", text); sub(/"\)$/, "", text)
	head = $0; sub(/^\tFIELD\(/, "", head)
	split(head, part, /, */)
	print "- `" part[2] "` " part[1] ": " text
}
