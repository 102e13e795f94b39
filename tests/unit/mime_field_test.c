#include "mail/mime_field.h"

#include <CUnit/CUnit.h>

static const struct {
	const char	*field;
	enum mime_type	 type;
	const char	*boundary;
} fields[] = {
	{ "Content-Type: text/plain", MIME_TYPE_LEAF, "" },
	{ "Content-Type:", MIME_TYPE_LEAF, "" },
	{ "Content-Type: ;;;", MIME_TYPE_LEAF, "" },
	{ "Content-Type: multipart/mixed; boundary=abc\r\n",
	    MIME_TYPE_MULTIPART, "abc" },
	{ "content-type : MULTIPART/Digest;BOUNDARY=abc;x=y",
	    MIME_TYPE_DIGEST, "abc" },
	{ "Content-Type: multipart; boundary=abc",
	    MIME_TYPE_MULTIPART, "abc" },
	{ "Content-Type: multipart/mixed", MIME_TYPE_MULTIPART, "" },
	{ "Content-Type: multipart/mixed; boundary",
	    MIME_TYPE_MULTIPART, "" },
	{ "Content-Type: multipart/mixed; boundary=",
	    MIME_TYPE_MULTIPART, "" },
	{ "Content-Type: multipart/mixed; boundary=\"\"; boundary=x",
	    MIME_TYPE_MULTIPART, "" },
	{ "Content-Type: multipart/mixed; xboundary=a; boundary=b",
	    MIME_TYPE_MULTIPART, "b" },
	{ "Content-Type: multipart/mixed; boundary=a; boundary=b",
	    MIME_TYPE_MULTIPART, "a" },
	{ "Content-Type: multipart/mixed; boundary=\"a b;(c)=/ \"",
	    MIME_TYPE_MULTIPART, "a b;(c)=/" },
	{ "Content-Type: multipart/mixed; boundary=\"a\\\"b\\\\\"",
	    MIME_TYPE_MULTIPART, "a\"b\\" },
	{ "Content-Type: multipart/mixed; boundary=\"open",
	    MIME_TYPE_MULTIPART, "open" },
	{ "Content-Type: multipart/mixed; boundary=\"open\\",
	    MIME_TYPE_MULTIPART, "open\\" },
	{ "Content-Type: multipart/mixed; boundary=----=_a/b?c d",
	    MIME_TYPE_MULTIPART, "----=_a/b?c" },
	{ "Content-Type: multipart/mixed;\r\n\tboundary=abc\r\n",
	    MIME_TYPE_MULTIPART, "abc" },
	{ "Content-Type: multipart/mixed; boundary=\"a\r\n b\"\r\n",
	    MIME_TYPE_MULTIPART, "a b" },
	{ "Content-Type: (a (b) \\) c) multipart (d) / (e) mixed (;"
	    " boundary=no) ; (f) boundary (g) = (h) yes(i); boundary=j",
	    MIME_TYPE_MULTIPART, "yes" },
	{ "Content-Type: multipart/mixed; a=\"; boundary=no\\\"\";"
	    " boundary=yes", MIME_TYPE_MULTIPART, "yes" },
	{ "Content-Type: multipart/mixed; (open; boundary=no",
	    MIME_TYPE_MULTIPART, "" },
	{ "Content-Type: (\\", MIME_TYPE_LEAF, "" },
	{ "Content-Type: multiparts/mixed; boundary=abc",
	    MIME_TYPE_LEAF, "" },
	{ "Content-Type: message/rfc822", MIME_TYPE_RFC822, "" },
	{ "Content-Type: Message / RFC822 (x); a=b",
	    MIME_TYPE_RFC822, "" },
	{ "Content-Type: message/partial; id=1", MIME_TYPE_PIECE, "" },
	{ "Content-Type: message/external-body", MIME_TYPE_PIECE, "" },
	{ "Content-Type: message/delivery-status", MIME_TYPE_LEAF, "" },
	{ "Content-Type: message", MIME_TYPE_LEAF, "" },
};

static void
types(void)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		struct buf	boundary = BUF_INIT;

		CU_ASSERT_EQUAL(mime_field_type(slice_str(fields[i].field),
		    &boundary), fields[i].type);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&boundary), fields[i].boundary);
		buf_clear(&boundary);
	}
}

static void
encodings(void)
{
	static const struct {
		const char		*value;
		enum mime_encoding	 encoding;
	} cases[] = {
		{ " 7bit", MIME_ENCODING_7BIT },
		{ "8BIT\r\n", MIME_ENCODING_8BIT },
		{ "\r\n\t8bit (really) \r\n", MIME_ENCODING_8BIT },
		{ " (a) binary; x", MIME_ENCODING_BINARY },
		{ " quoted-printable", MIME_ENCODING_QUOTED_PRINTABLE },
		{ " base64;", MIME_ENCODING_BASE64 },
		{ " base65", MIME_ENCODING_UNKNOWN },
		{ " x-uuencode", MIME_ENCODING_UNKNOWN },
		{ " 8 bit", MIME_ENCODING_UNKNOWN },
		{ "", MIME_ENCODING_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf	field = BUF_INIT;

		buf_printf(&field, "Content-Transfer-Encoding:%s",
		    cases[i].value);
		CU_ASSERT_EQUAL(mime_field_encoding(buf_slice(&field)),
		    cases[i].encoding);
		buf_clear(&field);
	}
}

void	mime_field_test(void);

void
mime_field_test(void)
{
	CU_pSuite	suite = CU_add_suite("mime_field", NULL, NULL);

	CU_add_test(suite, "types and boundaries", types);
	CU_add_test(suite, "encodings", encodings);
}
