#include "mail/mime.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

/*
 * What a reader said, as text: "[P Subject: x~]" is a field of the primary
 * header (M: of a part, N: nested; + is the rest of one), "[P. ~]" its end,
 * then "[leaf ", "[multi " and so on until the text, "[out ", "[-- ", "[--! ",
 * and ~ for CR LF.  Pieces of the same are one.
 */
struct said {
	struct buf	events;
	struct buf	content;	/* the texts of all events */
	char		last[16];
	size_t		deepest;
};

static const char *
name_of(const struct mime_event *event, char *into, size_t size)
{
	static const char *const	contents[] = { "leaf", "multi",
					    "message", "opaque" };
	char	kind = "PMN"[event->header];

	switch (event->kind) {
	case MIME_FIELD:
		snprintf(into, size, "%c", kind);
		break;
	case MIME_FIELD_REST:
		snprintf(into, size, "%c+", kind);
		break;
	case MIME_HEADER_END:
		snprintf(into, size, "%c.%s%d", kind,
		    contents[event->content], (int)event->encoding);
		break;
	case MIME_BODY:
		snprintf(into, size, "%s", contents[event->content]);
		break;
	case MIME_OUTSIDE:
		snprintf(into, size, "out");
		break;
	case MIME_BOUNDARY:
		snprintf(into, size, event->is_last ? "--!" : "--");
		break;
	case MIME_BOUNDARY_REST:
		snprintf(into, size, "--+");
		break;
	}
	return into;
}

static void
on_event(void *arg, const struct mime_event *event)
{
	struct said	*said = arg;
	char		 name[16];
	bool		 is_piece = event->kind != MIME_FIELD &&
			    event->kind != MIME_HEADER_END &&
			    event->kind != MIME_BOUNDARY;

	if (event->depth > said->deepest)
		said->deepest = event->depth;
	buf_put_slice(&said->content, event->text);
	name_of(event, name, sizeof(name));
	if (is_piece && strcmp(name, said->last) == 0)
		buf_truncate(&said->events, said->events.len - 1);
	else
		buf_printf(&said->events, "[%s ", name);
	for (size_t i = 0; i < event->text.len; i++) {
		unsigned char	c = event->text.data[i];

		if (c == '\n' && buf_slice(&said->events).data[
		    said->events.len - 1] == '\r') {
			buf_truncate(&said->events, said->events.len - 1);
			c = '~';
		}
		buf_put_u8(&said->events, c);
	}
	buf_put_u8(&said->events, ']');
	snprintf(said->last, sizeof(said->last), "%s", name);
}

static void
said_clear(struct said *said)
{
	buf_clear(&said->events);
	buf_clear(&said->content);
}

/* In three pieces: the first of first bytes, the second of second. */
static unsigned
read_cut(struct slice text, const struct mime_limits *limits, size_t first,
    size_t second, struct said *said)
{
	struct mime	*mime = mime_new(limits, on_event, said);
	unsigned	 exceeded;

	mime_put(mime, slice_first(text, first));
	mime_put(mime, slice_first(slice_after(text, first), second));
	mime_put(mime, slice_after(slice_after(text, first), second));
	mime_end(mime);
	exceeded = mime_exceeded(mime);
	mime_free(&mime);
	CU_ASSERT_PTR_NULL(mime);
	return exceeded;
}

static unsigned
read_in_steps(struct slice text, const struct mime_limits *limits,
    size_t step, struct said *said)
{
	struct mime	*mime = mime_new(limits, on_event, said);
	unsigned	 exceeded;

	for (size_t at = 0; at < text.len; at += step)
		mime_put(mime, slice_first(slice_after(text, at), step));
	mime_end(mime);
	exceeded = mime_exceeded(mime);
	mime_free(&mime);
	return exceeded;
}

static void
compare(struct slice text, struct said *said, struct said *want)
{
	CU_ASSERT(slice_equal(buf_slice(&said->content), text));
	CU_ASSERT(slice_equal(buf_slice(&said->events),
	    buf_slice(&want->events)));
	said_clear(said);
}

/* However it is cut, the same is said; and it is what went in. */
static unsigned
check_cuts(struct slice text, const struct mime_limits *limits,
    struct said *whole)
{
	unsigned	exceeded = read_cut(text, limits, 0, 0, whole);
	struct said	said;

	CU_ASSERT(slice_equal(buf_slice(&whole->content), text));
	for (size_t i = 0; i <= text.len; i++) {
		said = (struct said){ 0 };
		CU_ASSERT_EQUAL(read_cut(text, limits, i, i % 7, &said),
		    exceeded);
		compare(text, &said, whole);
	}
	for (size_t step = 1; step < 8; step++) {
		said = (struct said){ 0 };
		CU_ASSERT_EQUAL(read_in_steps(text, limits, step, &said),
		    exceeded);
		compare(text, &said, whole);
	}
	return exceeded;
}

static unsigned
check_limits(const char *text, const char *want,
    const struct mime_limits *limits)
{
	struct said	said = { 0 };
	unsigned	exceeded = check_cuts(slice_str(text), limits, &said);

	if (strcmp(buf_cstr(&said.events), want) != 0)
		printf("\nwant %s\ngot  %s\n", want, buf_cstr(&said.events));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&said.events), want);
	said_clear(&said);
	return exceeded;
}

static void
check(const char *text, const char *want)
{
	static const struct mime_limits	limits = MIME_LIMITS_DEFAULT;

	CU_ASSERT_EQUAL(check_limits(text, want, &limits), 0);
}

#define TYPE(boundary) \
	"Content-Type: multipart/mixed; boundary=" boundary "\r\n"
#define PTYPE(boundary) \
	"[P Content-Type: multipart/mixed; boundary=" boundary "~]"

static void
single(void)
{
	check("", "[P.leaf0 ]");
	check("\r\n", "[P.leaf0 ~]");
	check("\r\n\r\n", "[P.leaf0 ~][leaf ~]");
	check("A: b\r\n\r\nc\r\n--d\r\n",
	    "[P A: b~][P.leaf0 ~][leaf c~--d~]");
	check("A: b\r\n c\r\n\td\r\nE:f\r\n\r\n",
	    "[P A: b~ c~\td~][P E:f~][P.leaf0 ~]");
	check("A: b", "[P A: b][P.leaf0 ]");
	check("A: b\r\n c", "[P A: b~ c][P.leaf0 ]");
	check("A: b\r\n", "[P A: b~][P.leaf0 ]");
	check("A: b\r", "[P A: b\r][P.leaf0 ]");
	/* A CR or LF alone ends nothing. */
	check("A: b\nC: d\rE\r\r\n\r\n",
	    "[P A: b\nC: d\rE\r~][P.leaf0 ~]");
	check("A: b\r\n\nc", "[P A: b~][P.leaf0 ][leaf \nc]");
	/* Lines that are no fields begin the body. */
	check("A: b\r\nhello\r\nC: d\r\n",
	    "[P A: b~][P.leaf0 ][leaf hello~C: d~]");
	check(" A: b\r\n\r\n", "[P.leaf0 ][leaf  A: b~~]");
	check("hello", "[P.leaf0 ][leaf hello]");
	check("\r", "[P.leaf0 ][leaf \r]");
	check("Content-Transfer-Encoding: 8bit\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n",
	    "[P Content-Transfer-Encoding: 8bit~]"
	    "[P Content-Transfer-Encoding: base64~][P.leaf2 ~]");
}

static void
multipart(void)
{
	check(TYPE("b") "\r\npre\r\n--b\r\nA: b\r\n\r\none\r\n\r\n--b\r\n"
	    "\r\ntwo\r\n--b--\r\nepi\r\n",
	    PTYPE("b") "[P.multi0 ~][out pre][-- ~--b~][M A: b~][M.leaf0 ~]"
	    "[leaf one~][-- ~--b~][M.leaf0 ~][leaf two][--! ~--b--~]"
	    "[out epi~]");
	/* Empty parts, with and without their empty lines. */
	check(TYPE("b") "\r\n--b\r\n\r\n--b\r\n--b\r\nA: b\r\n--b--",
	    PTYPE("b") "[P.multi0 ~][-- --b~][M.leaf0 ~][-- --b~][M.leaf0 ]"
	    "[-- --b~][M A: b~][M.leaf0 ][--! --b--]");
	/* Nearly boundaries. */
	check(TYPE("bo") "\r\n--bo\r\n\r\n--b\r\n-\r\n --bo\r\n\r--bo\r\n"
	    "\n--bo\r\n--\r\n--b",
	    PTYPE("bo") "[P.multi0 ~][-- --bo~][M.leaf0 ~]"
	    "[leaf --b~-~ --bo~\r--bo~\n--bo~--~--b]");
	check(TYPE("b") "\r\n--b\r\n\r\n\r\r\n--b\r\n\r\n\r\n\r\n--b",
	    PTYPE("b") "[P.multi0 ~][-- --b~][M.leaf0 ~][leaf \r][-- ~--b~]"
	    "[M.leaf0 ~][leaf ~][-- ~--b][M.leaf0 ]");
	/* Blanks, and more, after a boundary. */
	check(TYPE("b") "\r\n--b \t\r\n\r\nx\r\n--b x\r\n\r\n--b-- \r\n",
	    PTYPE("b") "[P.multi0 ~][-- --b \t~][M.leaf0 ~][leaf x]"
	    "[-- ~--b x~][M.leaf0 ~][--! --b-- ~]");
	/* After the end there is nothing but the end of what is around. */
	check(TYPE("b") "\r\n--b--\r\n--b\r\nA: b\r\n",
	    PTYPE("b") "[P.multi0 ~][--! --b--~][out --b~A: b~]");
	/* No empty line before the first boundary, or junk. */
	check(TYPE("b") "--b\r\nA: b\r\n",
	    PTYPE("b") "[P.multi0 ][-- --b~][M A: b~][M.leaf0 ]");
	check(TYPE("b") "junk\r\n--b\r\nA: b\r\n",
	    PTYPE("b") "[P.multi0 ][out junk][-- ~--b~][M A: b~][M.leaf0 ]");
	/* A boundary goes before a field. */
	check(TYPE("b:c") "\r\n--b:c\r\n--b:c\r\n\r\n",
	    PTYPE("b:c") "[P.multi0 ~][-- --b:c~][M.leaf0 ][-- --b:c~]"
	    "[M.leaf0 ~]");
	/* The first of two types. */
	check(TYPE("b") TYPE("c") "\r\n--c\r\n\r\n--b--",
	    PTYPE("b") PTYPE("c") "[P.multi0 ~][out --c~][--! ~--b--]");
	/* None at all. */
	check(TYPE("b") "\r\n\r\nx", PTYPE("b") "[P.multi0 ~][out ~x]");
	check("Content-Type: multipart/mixed\r\n\r\n--b\r\n",
	    "[P Content-Type: multipart/mixed~][P.opaque0 ~][opaque --b~]");
}

static void
nested(void)
{
	/* The inner one has no end; the outer boundary ends it. */
	check(TYPE("o") "\r\n--o\r\n" TYPE("i") "\r\n--i\r\n\r\nx\r\n--o\r\n"
	    "\r\n--i\r\n--o--\r\n",
	    PTYPE("o") "[P.multi0 ~][-- --o~]"
	    "[M Content-Type: multipart/mixed; boundary=i~][M.multi0 ~]"
	    "[-- --i~][M.leaf0 ~][leaf x][-- ~--o~][M.leaf0 ~][leaf --i]"
	    "[--! ~--o--~]");
	/* Epilogues of both. */
	check(TYPE("o") "\r\n--o\r\n" TYPE("i") "\r\n--i--\r\ne\r\n--o--\r\nf",
	    PTYPE("o") "[P.multi0 ~][-- --o~]"
	    "[M Content-Type: multipart/mixed; boundary=i~][M.multi0 ~]"
	    "[--! --i--~][out e][--! ~--o--~][out f]");
	/* One boundary begins with the other, either way. */
	check(TYPE("b") "\r\n--b\r\n" TYPE("bb") "\r\n--bb\r\n\r\n1\r\n--b\r\n"
	    "\r\n2\r\n--b--\r\n",
	    PTYPE("b") "[P.multi0 ~][-- --b~]"
	    "[M Content-Type: multipart/mixed; boundary=bb~][M.multi0 ~]"
	    "[-- --bb~][M.leaf0 ~][leaf 1][-- ~--b~][M.leaf0 ~][leaf 2]"
	    "[--! ~--b--~]");
	check(TYPE("bb") "\r\n--bb\r\n" TYPE("b") "\r\n--b\r\n\r\n1\r\n--bb\r\n"
	    "\r\n2\r\n--bb--\r\n",
	    PTYPE("bb") "[P.multi0 ~][-- --bb~]"
	    "[M Content-Type: multipart/mixed; boundary=b~][M.multi0 ~]"
	    "[-- --b~][M.leaf0 ~][leaf 1][-- ~--bb~][M.leaf0 ~][leaf 2]"
	    "[--! ~--bb--~]");
	/* The line that is nothing but a boundary, then the longer one. */
	check(TYPE("b-") "\r\n--b-\r\n" TYPE("b") "\r\n--b\r\n\r\n1\r\n"
	    "--b--\r\ne\r\n--b-\r\n\r\n2",
	    PTYPE("b-") "[P.multi0 ~][-- --b-~]"
	    "[M Content-Type: multipart/mixed; boundary=b~][M.multi0 ~]"
	    "[-- --b~][M.leaf0 ~][leaf 1][--! ~--b--~][out e][-- ~--b-~]"
	    "[M.leaf0 ~][leaf 2]");
	check(TYPE("bb") "\r\n--bb\r\n" TYPE("b") "\r\n--b\r\n\r\n1\r\n"
	    "--bb--x\r\n\r\n2",
	    PTYPE("bb") "[P.multi0 ~][-- --bb~]"
	    "[M Content-Type: multipart/mixed; boundary=b~][M.multi0 ~]"
	    "[-- --b~][M.leaf0 ~][leaf 1][--! ~--bb--x~][out ~2]");
	check(TYPE("bb") "\r\n--bb\r\n" TYPE("b") "\r\n--b\r\n\r\n1\r\n"
	    "--bb x\r\n\r\n2",
	    PTYPE("bb") "[P.multi0 ~][-- --bb~]"
	    "[M Content-Type: multipart/mixed; boundary=b~][M.multi0 ~]"
	    "[-- --b~][M.leaf0 ~][leaf 1][-- ~--bb x~][M.leaf0 ~][leaf 2]");
}

#define MSG	"Content-Type: message/rfc822\r\n"

static void
messages(void)
{
	check(MSG "\r\nA: b\r\n\r\nx",
	    "[P Content-Type: message/rfc822~][P.message0 ~][N A: b~]"
	    "[N.leaf0 ~][leaf x]");
	check(MSG "\r\n" MSG "\r\n" TYPE("b") "\r\n--b\r\n\r\nx\r\n--b--\r\n",
	    "[P Content-Type: message/rfc822~][P.message0 ~]"
	    "[N Content-Type: message/rfc822~][N.message0 ~]"
	    "[N Content-Type: multipart/mixed; boundary=b~][N.multi0 ~]"
	    "[-- --b~][M.leaf0 ~][leaf x][--! ~--b--~]");
	/* Missing empty lines. */
	check(MSG "junk", "[P Content-Type: message/rfc822~][P.message0 ]"
	    "[N.leaf0 ][leaf junk]");
	check(MSG, "[P Content-Type: message/rfc822~][P.message0 ][N.leaf0 ]");
	check(TYPE("b") "\r\n--b\r\n" MSG "\r\n--b\r\n",
	    PTYPE("b") "[P.multi0 ~][-- --b~][M Content-Type: message/rfc822~]"
	    "[M.message0 ~][N.leaf0 ][-- --b~][M.leaf0 ]");
	check(TYPE("b") "\r\n--b\r\n" MSG "--b\r\n",
	    PTYPE("b") "[P.multi0 ~][-- --b~][M Content-Type: message/rfc822~]"
	    "[M.message0 ][N.leaf0 ][-- --b~][M.leaf0 ]");
	check("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	    "A: b\r\n\r\nx\r\n--b\r\nContent-Type: text/plain\r\n\r\nC: d",
	    "[P Content-Type: multipart/digest; boundary=b~][P.multi0 ~]"
	    "[-- --b~][M.message0 ~][N A: b~][N.leaf0 ~][leaf x][-- ~--b~]"
	    "[M Content-Type: text/plain~][M.leaf0 ~][leaf C: d]");
	/* One that is encoded cannot be read; others must not be. */
	check(MSG "Content-Transfer-Encoding: base64\r\n\r\nQTogYg==",
	    "[P Content-Type: message/rfc822~]"
	    "[P Content-Transfer-Encoding: base64~][P.leaf5 ~][leaf QTogYg==]");
	check("Content-Type: message/partial\r\n\r\nA: b\r\n",
	    "[P Content-Type: message/partial~][P.opaque0 ~][opaque A: b~]");
	/* An encoding is none of a multipart: it is read all the same. */
	check("Content-Transfer-Encoding: base64\r\n" TYPE("b") "\r\n--b\r\n",
	    "[P Content-Transfer-Encoding: base64~]" PTYPE("b")
	    "[P.multi5 ~][-- --b~][M.leaf0 ]");
}

static void
limit_of_nesting(void)
{
	static const struct mime_limits	two = { 2, 100, 1000 };
	static const char	text[] =
	    TYPE("a") "\r\n--a\r\n" TYPE("b") "\r\n--b\r\n" TYPE("c")
	    "\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n--a--\r\n";
	struct mime_limits	limits = { 3, 100, 1000 };
	struct said		said = { 0 };

	CU_ASSERT_EQUAL(check_cuts(SLICE_LIT(text), &limits, &said), 0);
	CU_ASSERT_EQUAL(said.deepest, 3);
	said_clear(&said);
	CU_ASSERT_EQUAL(check_limits(text,
	    PTYPE("a") "[P.multi0 ~][-- --a~]"
	    "[M Content-Type: multipart/mixed; boundary=b~][M.multi0 ~]"
	    "[-- --b~]"
	    "[M Content-Type: multipart/mixed; boundary=c~][M.opaque0 ~]"
	    "[opaque --c~~x~--c--][--! ~--b--~][--! --a--~]", &two),
	    MIME_OVER_NESTING);
	limits.nesting = 0;
	CU_ASSERT_EQUAL(check_limits(TYPE("a") "\r\n--a\r\n",
	    PTYPE("a") "[P.opaque0 ~][opaque --a~]", &limits),
	    MIME_OVER_NESTING);
}

static void
limit_of_boundaries(void)
{
	static const struct mime_limits	four = { 9, 4, 1000 };

	CU_ASSERT_EQUAL(check_limits(TYPE("abc") "\r\n--abc\r\n",
	    PTYPE("abc") "[P.multi0 ~][-- --abc~][M.leaf0 ]", &four), 0);
	CU_ASSERT_EQUAL(check_limits(TYPE("abcd") "\r\n--abcd\r\n",
	    PTYPE("abcd") "[P.multi0 ~][-- --abcd~][M.leaf0 ]", &four), 0);
	CU_ASSERT_EQUAL(check_limits(TYPE("abcde") "\r\n--abcde\r\n",
	    PTYPE("abcde") "[P.opaque0 ~][opaque --abcde~]", &four),
	    MIME_OVER_BOUNDARY);
}

static void
limit_of_fields(void)
{
	static const struct mime_limits	eight = { 9, 80, 8 };
	static const struct mime_limits	two = { 9, 80, 0 };

	CU_ASSERT_EQUAL(check_limits("A: bc\r\n\r\n",
	    "[P A: bc~][P.leaf0 ~]", &eight), 0);
	CU_ASSERT_EQUAL(check_limits("A: bcd\r\nA: bcd\r\n\r\n",
	    "[P A: bcd~][P A: bcd~][P.leaf0 ~]", &eight), 0);
	CU_ASSERT_EQUAL(check_limits("A: bcde\r\n\r\n",
	    "[P A: bcde\r][P+ \n][P.leaf0 ~]", &eight), MIME_OVER_HEADER);
	CU_ASSERT_EQUAL(check_limits("A: bcdefgh\r\n ij\r\nK: l\r\n\r\nm",
	    "[P A: bcdef][P+ gh~ ij~][P K: l~][P.leaf0 ~][leaf m]", &eight),
	    MIME_OVER_HEADER);
	CU_ASSERT_EQUAL(check_limits("A: bcd\r\n e\r\n\tf\r\n\r\n",
	    "[P A: bcd~][P+  e~\tf~][P.leaf0 ~]", &eight), MIME_OVER_HEADER);
	CU_ASSERT_EQUAL(check_limits("A: b\r\n cde\n\r\nF: g\r\n",
	    "[P A: b~ c][P+ de\n~][P F: g~][P.leaf0 ]", &eight),
	    MIME_OVER_HEADER);
	CU_ASSERT_EQUAL(check_limits("A: bcdefg", "[P A: bcdef][P+ g]"
	    "[P.leaf0 ]", &eight), MIME_OVER_HEADER);
	/* Too long to be a field is no field. */
	CU_ASSERT_EQUAL(check_limits("abcdefghi: j\r\n",
	    "[P.leaf0 ][leaf abcdefghi: j~]", &eight), 0);
	CU_ASSERT_EQUAL(check_limits("A:\r\n\r\nb", "[P A:][P+ ~][P.leaf0 ~]"
	    "[leaf b]", &two), MIME_OVER_HEADER);
}

/* A boundary's line can be longer than what is kept of it. */
static void
long_boundary_lines(void)
{
	static const struct mime_limits	limits = { 9, 80, 60 };
	static const struct {
		const char	*before;
		char		 fill;
		const char	*after;	/* is said of it */
	} cases[] = {
		{ "--b\r\n\r\nx\r\n--b", 'x', "[M A: b~]" },
		{ "--b\r\n--b", 'x', "[M A: b~]" },
		{ "--b", ' ', "[M A: b~]" },
		{ "--b--", ' ', "[out A: b~]" },
		{ "--b\r\n\r\n--", 'x', "[--! ~--b--~][out A: b~]" },
	};

	for (size_t len = 50; len < 80; len++)
		for (size_t i = 0; i < 5; i++) {
			struct said	said = { 0 };
			struct buf	text = BUF_INIT;

			buf_put_str(&text, TYPE("b") "\r\n");
			buf_put_str(&text, cases[i].before);
			for (size_t k = 0; k < len; k++)
				buf_put_u8(&text, (uint8_t)cases[i].fill);
			buf_put_str(&text, i < 4 ? "\r\nA: b\r\n" :
			    "\r\n--b--\r\nA: b\r\n");
			check_cuts(buf_slice(&text), &limits, &said);
			CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&said.events),
			    cases[i].after));
			if (i < 4 && (len < 60 || len > 66))
				CU_ASSERT_EQUAL(len > 66, strstr(
				    buf_cstr(&said.events), "[--+ ") != NULL);
			said_clear(&said);
			buf_clear(&text);
		}
}

/* Whatever comes: nothing is lost, nothing depends on where it is cut. */
static void
random_bytes(void)
{
	static const char *const	words[] = {
		"\r\n", "\r\n", "\r\n", "\r", "\n", "--", "-", "b", "bb",
		"--b", "--b--", "\r\n--b\r\n", "\r\n--bb\r\n", "\r\n--b--\r\n",
		"\r\n\r\n", " ", "\t", ":", "A: b\r\n", "\377\0x", MSG,
		TYPE("b"), TYPE("bb"), TYPE("\"b b\""), "--b b",
		"Content-Type: multipart/digest;\r\n boundary=b\r\n",
		"Content-Transfer-Encoding: base64\r\n", "Content-Type: ",
	};
	static const struct mime_limits	limits[] = {
		MIME_LIMITS_DEFAULT, { 2, 1, 50 }, { 3, 3, 9 }, { 0, 0, 0 } };
	unsigned	seed = 11;

	for (size_t i = 0; i < 6000; i++) {
		struct buf	text = BUF_INIT;
		struct said	said = { 0 };

		for (size_t n = i % 29; n > 0; n--) {
			seed = seed * 1103515245 + 12345;
			buf_put_str(&text, words[(seed >> 16) %
			    (sizeof(words) / sizeof(*words))]);
		}
		check_cuts(buf_slice(&text), &limits[i % 4], &said);
		CU_ASSERT(said.deepest <= limits[i % 4].nesting);
		said_clear(&said);
		buf_clear(&text);
	}
}

/* Many lines that begin as a boundary does. */
static void
large_leaf(void)
{
	static const struct mime_limits	limits = MIME_LIMITS_DEFAULT;
	static const char *const	lines[] = { "--\r\n", "bread\r\n",
					    "--c--\r\n", "\r\n" };
	struct said	said = { 0 };
	struct buf	text = BUF_INIT;

	buf_put_str(&text, TYPE("b") "\r\n--b\r\n\r\n");
	for (int i = 0; i < 30000; i++)
		buf_put_str(&text, lines[i % 4]);
	buf_put_str(&text, "--b--\r\n");
	CU_ASSERT_EQUAL(read_in_steps(buf_slice(&text), &limits, 4093, &said),
	    0);
	CU_ASSERT(slice_equal(buf_slice(&said.content), buf_slice(&text)));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&said.events), "[--! ~--b--~]"));
	said_clear(&said);
	buf_clear(&text);
}

static void
count_copies(void *arg, const struct mime_event *event)
{
	struct slice	*piece = arg;

	if (event->kind == MIME_BODY && (event->text.data != piece->data ||
	    event->text.len != piece->len))
		piece->len = 0;
}

/* Outside of a multipart a piece goes on as it is, not cut and no copy. */
static void
no_copies(void)
{
	static const struct mime_limits	limits = MIME_LIMITS_DEFAULT;
	struct slice	piece = SLICE_LIT("a\r\n--b\r\n");
	struct mime	*mime = mime_new(&limits, count_copies, &piece);

	mime_put(mime, SLICE_LIT("A: b\r\n\r\n"));
	mime_put(mime, piece);
	mime_put(mime, piece);
	mime_end(mime);
	CU_ASSERT(piece.len > 0);
	mime_free(&mime);
}

void	mime_test(void);

void
mime_test(void)
{
	CU_pSuite	suite = CU_add_suite("mime", NULL, NULL);

	CU_add_test(suite, "one part", single);
	CU_add_test(suite, "multiparts", multipart);
	CU_add_test(suite, "multiparts in multiparts", nested);
	CU_add_test(suite, "messages in messages", messages);
	CU_add_test(suite, "limit of nesting", limit_of_nesting);
	CU_add_test(suite, "limit of boundaries", limit_of_boundaries);
	CU_add_test(suite, "limit of fields", limit_of_fields);
	CU_add_test(suite, "long lines of boundaries", long_boundary_lines);
	CU_add_test(suite, "random bytes", random_bytes);
	CU_add_test(suite, "a large leaf", large_leaf);
	CU_add_test(suite, "no copies", no_copies);
}
