/* SPDX-License-Identifier: MIT
 * The kind of device in a user agent; see model/device.h. One table, first match wins; to teach it
 * something, add a row and a user agent to its test. Touches and allocates nothing.
 *
 * The surprise is the order, because a user agent names other devices too. Bots name phones, phones
 * say "like Mac OS X", televisions say Android, and all say Mozilla. So bots come first and
 * desktops last. `without` has the same reason: the name of the phone maker Cubot ends with "bot",
 * Windows 7 said "Tablet PC" on every desk, and what has a row for "TV" may be a phone. */
#include "model/device.h"

#include "base/limits.h"

enum place {
	FIRST, /* the first word of the agent */
	WORD,  /* a whole word: what is before and after is no letter or digit */
	HEAD,  /* the beginning of a word */
	TAIL,  /* the end of a word */
	PART,  /* anywhere */
};

struct rule {
	const char *type;
	enum place place;
	const char *text;           /* lower case, as the two that follow */
	const char *with, *without; /* anywhere in the agent; NULL: no such condition */
};

static const struct rule rules[] = {
	/* clang-format off */
	/* Crawlers, previews, monitors, scanners, browsers without a person. */
	{"bot", TAIL, "bot", NULL, "cubot"},
	{"bot", TAIL, "spider", NULL, NULL},
	{"bot", PART, "crawler", NULL, NULL},
	{"bot", PART, "headless", NULL, NULL},
	{"bot", PART, "phantomjs", NULL, NULL},
	{"bot", WORD, "lighthouse", NULL, NULL},
	{"bot", WORD, "slurp", NULL, NULL},
	{"bot", WORD, "ia_archiver", NULL, NULL},
	{"bot", WORD, "httrack", NULL, NULL},
	{"bot", WORD, "facebookexternalhit", NULL, NULL},
	{"bot", WORD, "facebookcatalog", NULL, NULL},
	{"bot", HEAD, "meta-external", NULL, NULL},
	{"bot", FIRST, "whatsapp", NULL, NULL}, /* the preview of a link */
	{"bot", WORD, "skypeuripreview", NULL, NULL},
	{"bot", WORD, "bingpreview", NULL, NULL},
	{"bot", WORD, "mediapartners-google", NULL, NULL},
	{"bot", WORD, "google-inspectiontool", NULL, NULL},
	{"bot", HEAD, "googleother", NULL, NULL},
	{"bot", WORD, "googleimageproxy", NULL, NULL},
	{"bot", WORD, "w3c_validator", NULL, NULL},
	{"bot", PART, "pingdom", NULL, NULL},
	{"bot", PART, "uptime", NULL, NULL},
	{"bot", PART, "statuscake", NULL, NULL},
	{"bot", PART, "site24x7", NULL, NULL},
	{"bot", PART, "newrelicpinger", NULL, NULL},
	{"bot", PART, "datadogsynthetics", NULL, NULL},
	{"bot", PART, "healthcheck", NULL, NULL},
	{"bot", PART, "health check", NULL, NULL},
	{"bot", FIRST, "googlehc", NULL, NULL},
	{"bot", FIRST, "kube-probe", NULL, NULL},
	{"bot", FIRST, "check_http", NULL, NULL},
	{"bot", FIRST, "blackbox", NULL, NULL},
	{"bot", FIRST, "prometheus", NULL, NULL},
	{"bot", FIRST, "zabbix", NULL, NULL},
	{"bot", WORD, "zgrab", NULL, NULL},
	{"bot", WORD, "nikto", NULL, NULL},
	{"bot", FIRST, "sqlmap", NULL, NULL},
	{"bot", PART, "nmap scripting engine", NULL, NULL},
	{"bot", FIRST, "masscan", NULL, NULL},

	/* Programs: tools and libraries that give their own name. */
	{"api", FIRST, "curl", NULL, NULL},
	{"api", FIRST, "wget", NULL, NULL},
	{"api", FIRST, "httpie", NULL, NULL},
	{"api", FIRST, "python", NULL, NULL},
	{"api", FIRST, "go-http-client", NULL, NULL},
	{"api", FIRST, "go-resty", NULL, NULL},
	{"api", FIRST, "java", NULL, NULL},
	{"api", FIRST, "apache-httpclient", NULL, NULL},
	{"api", FIRST, "apache-httpasyncclient", NULL, NULL},
	{"api", FIRST, "jakarta commons-httpclient", NULL, NULL},
	{"api", FIRST, "jersey", NULL, NULL},
	{"api", FIRST, "ahc", NULL, NULL},
	{"api", FIRST, "reactornetty", NULL, NULL},
	{"api", FIRST, "vert.x-webclient", NULL, NULL},
	{"api", FIRST, "ktor-client", NULL, NULL},
	{"api", FIRST, "axios", NULL, NULL},
	{"api", FIRST, "node", NULL, NULL},
	{"api", FIRST, "undici", NULL, NULL},
	{"api", FIRST, "got", NULL, NULL},
	{"api", FIRST, "deno", NULL, NULL},
	{"api", FIRST, "bun", NULL, NULL},
	{"api", FIRST, "postmanruntime", NULL, NULL},
	{"api", FIRST, "insomnia", NULL, NULL},
	{"api", FIRST, "libwww-perl", NULL, NULL},
	{"api", FIRST, "lwp", NULL, NULL},
	{"api", FIRST, "http-tiny", NULL, NULL},
	{"api", FIRST, "mojolicious", NULL, NULL},
	{"api", FIRST, "php", NULL, NULL},
	{"api", FIRST, "guzzlehttp", NULL, NULL},
	{"api", FIRST, "symfony httpclient", NULL, NULL},
	{"api", FIRST, "ruby", NULL, NULL},
	{"api", FIRST, "faraday", NULL, NULL},
	{"api", FIRST, "rest-client", NULL, NULL},
	{"api", FIRST, "restsharp", NULL, NULL},
	{"api", WORD, "windowspowershell", NULL, NULL},
	{"api", WORD, "powershell", NULL, NULL},
	{"api", FIRST, "dart", NULL, NULL},
	{"api", FIRST, "reqwest", NULL, NULL},
	{"api", FIRST, "ureq", NULL, NULL},
	{"api", HEAD, "grpc-", NULL, NULL},
	{"api", FIRST, "aws-sdk", NULL, NULL},
	{"api", FIRST, "aws-cli", NULL, NULL},
	{"api", FIRST, "boto3", NULL, NULL},
	{"api", FIRST, "git", NULL, NULL},
	{"api", FIRST, "apachebench", NULL, NULL},
	{"api", FIRST, "k6", NULL, NULL},

	/* Polite bots give the address of an explanation (and so do some libraries above). */
	{"bot", PART, "+http", NULL, NULL},

	/* Consoles. */
	{"mobile", PART, "playstation portable", NULL, NULL},
	{"mobile", PART, "playstation vita", NULL, NULL},
	{"mobile", WORD, "nintendo 3ds", NULL, NULL},
	{"mobile", HEAD, "nintendo ds", NULL, NULL},
	{"tv", HEAD, "playstation", NULL, NULL},
	{"tv", HEAD, "nintendo", NULL, NULL},
	{"tv", WORD, "xbox", NULL, NULL},

	/* Televisions and boxes. Before Android, which most of them are; a phone with an aerial has
	 * "TV" in the name of its model, but also says "Mobile". */
	{"tv", WORD, "tv", NULL, "mobile"},
	{"tv", WORD, "android tv", NULL, NULL},
	{"tv", PART, "smarttv", NULL, NULL},
	{"tv", HEAD, "appletv", NULL, NULL},
	{"tv", HEAD, "tvos", NULL, NULL},
	{"tv", HEAD, "googletv", NULL, NULL},
	{"tv", HEAD, "hbbtv", NULL, NULL},
	{"tv", HEAD, "roku", NULL, NULL},
	{"tv", WORD, "crkey", NULL, NULL},
	{"tv", HEAD, "chromecast", NULL, NULL},
	{"tv", HEAD, "bravia", NULL, NULL},
	{"tv", HEAD, "viera", NULL, NULL},
	{"tv", HEAD, "vizio", NULL, NULL},
	{"tv", HEAD, "stbapp", NULL, NULL},
	{"tv", HEAD, "mibox", NULL, NULL},
	{"tv", HEAD, "mitv", NULL, NULL},
	{"tv", PART, "; aft", NULL, NULL}, /* Fire TV: AFTMM, AFTKA */
	{"tv", WORD, "tizen", NULL, "mobile"},

	/* Apple. A browser other than Safari on an iPad names a Mac and, forgetfully, itself. */
	{"tablet", WORD, "ipad", NULL, NULL},
	{"tablet", WORD, "ipados", NULL, NULL},
	{"tablet", WORD, "crios", "macintosh", NULL},
	{"tablet", WORD, "fxios", "macintosh", NULL},
	{"tablet", WORD, "edgios", "macintosh", NULL},
	{"mobile", HEAD, "iphone", NULL, NULL},
	{"mobile", HEAD, "ipod", NULL, NULL},
	{"mobile", HEAD, "watchos", NULL, NULL},
	{"mobile", WORD, "ios", NULL, NULL},

	/* Tablets, of which some also say "Mobile". */
	{"tablet", WORD, "tablet", NULL, "tablet pc"},
	{"tablet", WORD, "kindle", NULL, NULL},
	{"tablet", PART, "; kf", NULL, NULL}, /* Fire tablets: KFAUWI, KFTT */
	{"tablet", HEAD, "silk", NULL, "mobile"}, /* also when it asks for desktop pages */
	{"tablet", TAIL, "pad", "android", NULL},
	{"tablet", HEAD, "sm-t", NULL, NULL}, /* Galaxy Tab */
	{"tablet", HEAD, "sm-x", NULL, NULL},
	{"tablet", PART, "arm; trident", NULL, NULL}, /* Windows RT */

	/* Phones. Android browsers say "Mobile" on phones and not on tablets; applications that are
	 * no browsers do not know of that, and most of them run on phones. */
	{"mobile", PART, "windows phone", NULL, NULL},
	{"mobile", PART, "windows ce", NULL, NULL},
	{"mobile", WORD, "android", "mobile", NULL},
	{"tablet", WORD, "android", "mozilla/", NULL},
	{"mobile", WORD, "android", NULL, NULL},
	{"mobile", WORD, "opera mini", NULL, NULL},
	{"mobile", WORD, "opera mobi", NULL, NULL},
	{"mobile", HEAD, "nokia", NULL, NULL},
	{"mobile", WORD, "midp", NULL, NULL},
	{"mobile", HEAD, "webos", NULL, NULL},
	{"mobile", WORD, "mobile", NULL, NULL},

	/* Desktops: what is left with an operating system, and browsers of text. */
	{"desktop", WORD, "windows", NULL, NULL},
	{"desktop", PART, "mac os x", NULL, NULL},
	{"desktop", WORD, "macos", NULL, NULL},
	{"desktop", WORD, "x11", NULL, NULL},
	{"desktop", HEAD, "linux", NULL, NULL},
	{"desktop", PART, "bsd", NULL, NULL},
	{"desktop", WORD, "haiku", NULL, NULL},
	{"desktop", FIRST, "lynx", NULL, NULL},
	{"desktop", FIRST, "w3m", NULL, NULL},

	/* Applications that told nothing of where they run but with what they ask. */
	{"api", WORD, "okhttp", NULL, NULL},
	{"api", WORD, "cfnetwork", NULL, NULL},
	{"api", WORD, "libcurl", NULL, NULL},
	/* clang-format on */
};

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_at(const char *agent, enum place place, const char *text)
{
	bool head = place == WORD || place == HEAD;
	bool tail = place == FIRST || place == WORD || place == TAIL;
	size_t n = strlen(text);

	if (place == FIRST)
		return strncmp(agent, text, n) == 0 && !is_word_byte(agent[n]);
	for (const char *p = agent; (p = strstr(p, text)) != NULL; p++) {
		if (head && p > agent && is_word_byte(p[-1]))
			continue;
		if (tail && is_word_byte(p[n]))
			continue;
		return true;
	}
	return false;
}

/* In lower case and of one piece: a NUL in it becomes a space, so that nothing hides behind it. */
static void fold(char out[LIMIT_TEXT_BYTES + 1], struct str s)
{
	size_t n = s.n < LIMIT_TEXT_BYTES ? s.n : LIMIT_TEXT_BYTES;

	for (size_t i = 0; i < n; i++) {
		char c = s.p[i];

		out[i] = c == '\0' ? ' ' : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out[n] = '\0';
}

struct str device_type(struct str user_agent)
{
	char agent[LIMIT_TEXT_BYTES + 1];

	fold(agent, str_trim(user_agent));
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const struct rule *r = &rules[i];

		if (is_at(agent, r->place, r->text) &&
			(r->with == NULL || strstr(agent, r->with) != NULL) &&
			(r->without == NULL || strstr(agent, r->without) == NULL))
			return str_from(r->type);
	}
	return STR_NONE;
}
