/* SPDX-License-Identifier: MIT
 * The words for a device: "Firefox on Windows". Two tables, first match wins in each; see
 * model/device.h. The order matters, because every browser also claims to be those behind it, and
 * an iPhone to be "like Mac OS X". */
#include "model/device.h"

#include "base/address.h"
#include "base/buf.h"
#include "base/limits.h"

#define NETWORK_V4_BYTES 3 /* of an address: /24 */
#define NETWORK_V6_BYTES 6 /* /48 */

struct sign {
	const char *text, *name;
};

static const struct sign browsers[] = {
	{"Edg/", "Edge"},
	{"EdgA/", "Edge"},
	{"EdgiOS/", "Edge"},
	{"Edge/", "Edge"},
	{"OPR/", "Opera"},
	{"OPiOS/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"},
	{"Chrome/", "Chrome"},
	{"CriOS/", "Chrome"},
};

static const struct sign systems[] = {
	{"iPhone", "iPhone"},
	{"iPod", "iPhone"},
	{"iPad", "iPad"},
	{"Android", "Android"},
	{"Windows", "Windows"},
	{"AppleTV", "TV"},
	{"Mac OS X", "macOS"},
	{"Macintosh", "macOS"},
	{"CrOS", "ChromeOS"},
	{"SMART-TV", "TV"},
	{"SmartTV", "TV"},
	{"Tizen", "TV"},
	{"Web0S", "TV"},
	{"webOS", "TV"},
	{"Linux", "Linux"},
	{"X11", "Linux"},
};

static const char *find(const struct sign *list, size_t count, const char *agent)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(agent, list[i].text) != NULL)
			return list[i].name;
	return NULL;
}

static const char *browser_of(const char *agent)
{
	const char *name = find(browsers, ARRAY_LEN(browsers), agent);
	const char *version = strstr(agent, "Version/");

	if (name == NULL && version != NULL && strstr(version, "Safari/") != NULL)
		return "Safari";
	return name;
}

/* The product that speaks, "curl" of "curl/8.5.0": up to a blank, a slash or a control character.
 */
static struct str product(struct arena *a, const char *agent)
{
	size_t n = 0;

	while ((unsigned char)agent[n] > ' ' && agent[n] != '/' && agent[n] != 0x7F &&
		n < LIMIT_DEVICE_LABEL_BYTES)
		n++;
	while (n > 0 && (agent[n] & 0xC0) == 0x80)
		n--;
	return n > 0 ? str_dup(a, (struct str){agent, n}) : STR_NONE;
}

struct str device_label(struct arena *a, struct str user_agent)
{
	struct str trimmed = str_trim(user_agent);
	const char *agent, *browser, *system;

	if (trimmed.n == 0)
		return STR_NONE;
	agent = arena_printf(a, "%.*s", STR_FMT(trimmed));
	browser = browser_of(agent);
	system = find(systems, ARRAY_LEN(systems), agent);
	if (browser != NULL && system != NULL)
		return str_printf(a, "%s on %s", browser, system);
	if (browser != NULL || system != NULL)
		return str_from(browser != NULL ? browser : system);
	return product(a, agent);
}

struct str device_trace(struct arena *a, struct str label, struct str ip_address)
{
	struct address address;
	struct buf text;

	if (label.p == NULL)
		return STR_NONE;
	buf_init(&text, a);
	buf_str(&text, label);
	buf_char(&text, '\0');
	if (ip_address.p != NULL && address_read(ip_address, &address))
		buf_add(&text, (const char *)address.p,
			address.bytes == ADDRESS_V4_BYTES ? NETWORK_V4_BYTES : NETWORK_V6_BYTES);
	return buf_view(&text);
}
