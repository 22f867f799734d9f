/* SPDX-License-Identifier: MIT
 * Kinds of device by user agents as they are sent. Every row is read as it is, in capitals and in
 * small letters, from memory that ends with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/macros.h"
#include "model/device.h"

#define WEBKIT " AppleWebKit/537.36 (KHTML, like Gecko) "
#define OLDER " AppleWebKit/538.1 (KHTML, like Gecko) "
#define APPLE " AppleWebKit/605.1.15 (KHTML, like Gecko) "

static struct str from_exact_memory(const char *agent, int (*change)(int))
{
	size_t n = strlen(agent);
	char *copy = malloc(n ? n : 1);
	struct str type;

	assert_non_null(copy);
	for (size_t i = 0; i < n; i++) {
		bool ascii = agent[i] > 0;

		copy[i] = change != NULL && ascii ? (char)change(agent[i]) : agent[i];
	}
	type = device_type((struct str){copy, n});
	free(copy);
	return type;
}

static int upper(int c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* `want` NULL: no type. */
static void check(const char *want, const char *const *agents, size_t count)
{
	static int (*const changes[])(int) = {NULL, upper, lower};
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < ARRAY_LEN(changes); j++) {
			struct str got = from_exact_memory(agents[i], changes[j]);

			if (want != NULL ? str_eq(got, str_from(want)) : got.p == NULL)
				continue;
			print_error("[%s]: got %.*s\n", agents[i], STR_FMT(got));
			failed++;
			break;
		}
	}
	assert_int_equal(failed, 0);
}

static void desktops__are_what_sits_on_a_desk(void **state)
{
	static const char *const agents[] = {
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" WEBKIT "Chrome/140.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" WEBKIT
		"Chrome/139.0.0.0 Safari/537.36 Edg/139.0.3405.102",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" WEBKIT
		"Chrome/136.0.0.0 Safari/537.36 OPR/121.0.0.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" WEBKIT
		"Chrome/138.0.0.0 YaBrowser/25.8.0.0 Safari/537.36",
		"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; SLCC2; .NET CLR 2.0.50727; "
		"Tablet PC 2.0; rv:11.0) like Gecko",
		"Mozilla/5.0 (Windows NT 6.3; WOW64; Trident/7.0; Touch; rv:11.0) like Gecko",
		"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.0; Trident/4.0)",
		"Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" APPLE "Version/18.5 "
		"Safari/605.1.15",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" WEBKIT
		"Chrome/140.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 14.6; rv:142.0) Gecko/20100101 "
		"Firefox/142.0",
		"Mozilla/5.0 (X11; Linux x86_64)" WEBKIT "Chrome/140.0.0.0 Safari/537.36",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
		"Mozilla/5.0 (Wayland; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Mozilla/5.0 (X11; Linux x86_64)" APPLE "Version/18.0 Safari/605.1.15 "
		"Epiphany/605.1.15",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)" WEBKIT "Chrome/140.0.0.0 Safari/537.36",
		"Mozilla/5.0 (X11; CrOS aarch64 15633.69.0)" WEBKIT "Chrome/119.0.6045.212 "
		"Safari/537.36",
		"Mozilla/5.0 (X11; FreeBSD amd64; rv:141.0) Gecko/20100101 Firefox/141.0",
		"Mozilla/5.0 (X11; OpenBSD amd64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Mozilla/5.0 (compatible; Konqueror/4.5; NetBSD 5.0.2; X11; amd64; en_US) "
		"KHTML/4.5.4",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" WEBKIT
		"Slack/4.38.125 Chrome/124.0.6367.243 Electron/30.1.2 Safari/537.36",
		"Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:128.0) Gecko/20100101 "
		"Thunderbird/128.5.0",
		"Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8",
		"w3m/0.5.3+git20230121",
		"Mozilla/5.0 (Wayland; FreeBSD amd64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Mozilla/5.0 (compatible; U; Haiku x86_64)" APPLE "WebPositive/1.3 Safari/605.1.15",
		"Notes/2.0 (com.example.notes; build:7; macOS 14.5.0) Alamofire/5.8.0",
		"Notepad/1.2 (Windows NT 10.0)",
		/* An iPad that asks for desktop pages says no word of it. */
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_6)" APPLE "Version/14.0 "
		"Safari/605.1.15",
	};

	(void)state;
	check("desktop", agents, ARRAY_LEN(agents));
}

static void mobiles__are_phones_and_what_fits_a_pocket(void **state)
{
	static const char *const agents[] = {
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)" APPLE
		"Version/18.5 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X)" APPLE
		"CriOS/140.0.7339.39 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 15_6 like Mac OS X)" APPLE
		"FxiOS/142.0 Mobile/15E148 Safari/605.1.15",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X)" APPLE
		"Mobile/15E148 [FBAN/FBIOS;FBAV/420.0.0.32.71;FBDV/iPhone14,5;FBMD/iPhone]",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X)" APPLE
		"Version/17.0 EdgiOS/139.0.3405.86 Mobile/15E148 Safari/605.1.15",
		"AppleCoreMedia/1.0.0.16H71 (iPod touch; U; CPU OS 12_5_5 like Mac OS X; en_us)",
		"Mozilla/5.0 (iPod touch; CPU iPhone OS 12_5_7 like Mac OS X)" APPLE
		"Version/12.1.2 Mobile/15E148 Safari/604.1",
		"AppleCoreMedia/1.0.0.21G93 (iPhone; U; CPU OS 17_6_1 like Mac OS X; en_us)",
		"MyBank/5.2.1 (com.example.bank; build:412; iOS 17.6.1) Alamofire/5.9.1",
		"Mozilla/5.0 (Linux; Android 10; K)" WEBKIT "Chrome/140.0.0.0 Mobile Safari/537.36",
		"Mozilla/5.0 (Linux; Android 15; Pixel 9)" WEBKIT
		"Chrome/140.0.7339.51 Mobile Safari/537.36",
		"Mozilla/5.0 (Linux; Android 14; SM-S928B)" WEBKIT
		"SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
		"Mozilla/5.0 (Android 15; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0",
		"Mozilla/5.0 (Linux; Android 10; K)" WEBKIT
		"Chrome/139.0.0.0 Mobile Safari/537.36 EdgA/139.0.0.0",
		"Mozilla/5.0 (Linux; Android 10; VOG-L29)" WEBKIT
		"Chrome/137.0.0.0 Mobile Safari/537.36 OPR/76.2.4027.73374",
		"Mozilla/5.0 (Linux; Android 12; M2102J20SG; wv)" WEBKIT
		"Version/4.0 Chrome/96.0.4664.45 Mobile Safari/537.36 Instagram 212.0.0.38.119 "
		"Android",
		/* The maker's name ends as a bot's. */
		"Mozilla/5.0 (Linux; Android 9; CUBOT X19)" WEBKIT
		"Chrome/96.0.4664.45 Mobile Safari/537.36",
		"Mozilla/5.0 (Linux; Android 7.0; CUBOT_NOTE_S Build/MRA58K)" WEBKIT
		"Chrome/58.0.3029.83 Mobile Safari/537.36",
		/* A phone with an aerial. */
		"Mozilla/5.0 (Linux; Android 6.0; LG K10 TV Build/MRA58K)" WEBKIT
		"Chrome/61.0.3163.98 Mobile Safari/537.36",
		"Mozilla/5.0 (Linux; U; Android 4.4.4; en-us; SD4930UR Build/KTU84P)" WEBKIT
		"Silk/47.1.79 like Chrome/47.0.2526.80 Mobile Safari/537.36",
		"Dalvik/2.1.0 (Linux; U; Android 13; SM-A546B Build/TP1A.220624.014)",
		"Shop/8.1 (Android 14; Pixel 8) okhttp/4.12.0",
		"Opera/9.80 (Android; Opera Mini/36.2.2254/191.283; U; en) Presto/2.12.423 "
		"Version/12.16",
		"Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/191.283; U; en) Presto/2.12.423",
		"Mozilla/5.0 (Linux; U; Android 12; TECNO BF7; en-us)" WEBKIT
		"Version/4.0 Chrome/116.0.5845.163 Mobile Safari/537.36 OPR/82.0.2254.72495",
		"Opera/9.80 (Android 4.1.2; Linux; Opera Mobi/ADR-1305251841) Presto/2.11.355",
		"Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
		"Mozilla/5.0 (Mobile; rv:26.0) Gecko/26.0 Firefox/26.0",
		"Mozilla/5.0 (Mobile; Windows Phone 8.1; Android 4.0; ARM; Trident/7.0; Touch; "
		"rv:11.0; "
		"IEMobile/11.0; NOKIA; Lumia 635) like iPhone OS 7_0_3 Mac OS X AppleWebKit/537 "
		"(KHTML, like Gecko) Mobile Safari/537",
		"Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950)" WEBKIT
		"Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15254",
		"Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; "
		"IEMobile/10.0; Touch; "
		"HTC; Windows Phone 8X by HTC)",
		"Mozilla/4.0 (compatible; MSIE 6.0; Windows CE; IEMobile 7.11)",
		"Opera/9.80 (Series 60; Opera Mini/7.0.31380/28.2725; U; en) Presto/2.8.119 "
		"Version/11.10",
		"Opera/9.80 (S60; SymbOS; Opera Mobi/499; U; ru) Presto/2.4.18 Version/10.00",
		"BlackBerry9000/4.6.0.167 Profile/MIDP-2.0 Configuration/CLDC-1.1 VendorID/102",
		"Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) "
		"Version/10.0.9.2372 Mobile Safari/537.10+",
		"Mozilla/5.0 (BlackBerry; U; BlackBerry 9900; en) AppleWebKit/534.11+ (KHTML, like "
		"Gecko) "
		"Version/7.1.0.346 Mobile Safari/534.11+",
		"Mozilla/5.0 (SymbianOS/9.4; Series60/5.0 NokiaN97-1/20.0.019) AppleWebKit/525 "
		"(KHTML, like Gecko) BrowserNG/7.1.18124",
		"Mozilla/5.0 (Linux; Tizen 2.3; SAMSUNG SM-Z130H) AppleWebKit/537.3 (KHTML, like "
		"Gecko) "
		"SamsungBrowser/1.0 Mobile Safari/537.3",
		"Mozilla/5.0 (webOS/1.4.0; U; en-US) AppleWebKit/532.2 (KHTML, like Gecko) "
		"Version/1.0 "
		"Safari/532.2 Pre/1.1",
		"Mozilla/5.0 (PlayStation Vita 3.73) AppleWebKit/537.73 (KHTML, like Gecko) "
		"Silk/3.2",
		"Mozilla/4.0 (PSP (PlayStation Portable); 2.00)",
		"Opera/9.50 (Nintendo DSi; Opera/507; U; en-US)",
		"Mozilla/5.0 (New Nintendo 3DS like iPhone) AppleWebKit/536.30 (KHTML, like Gecko) "
		"NX/3.0.0.5.23 Mobile NintendoBrowser/1.12.10178.EU",
		"server-bag [Watch OS,6.2.8,17U63,Watch3,4] watchOS/6.2.8",
	};

	(void)state;
	check("mobile", agents, ARRAY_LEN(agents));
}

static void tablets__are_android_without_mobile_and_those_known_by_name(void **state)
{
	static const char *const agents[] = {
		"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X)" APPLE
		"Version/17.7 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X)" APPLE
		"CriOS/140.0.7339.39 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0(iPad; U; CPU iPhone OS 3_2 like Mac OS X; en-us) "
		"AppleWebKit/531.21.10 "
		"(KHTML, like Gecko) Version/4.0.4 Mobile/7B314 Safari/531.21.10",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 13_5_1)" APPLE
		"CriOS/120.0.6099.119 Version/11.1.1 Safari/605.1.15",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:142.0)" APPLE
		"FxiOS/142.0 Safari/605.1.15",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" APPLE
		"Version/17.0 EdgiOS/120.0.2210.150 Safari/605.1.15",
		"Notes/2.0 (com.example.notes; build:7; iPadOS 17.5) Alamofire/5.8.0",
		"Mozilla/5.0 (Linux; Android 14; SM-X910)" WEBKIT "Chrome/140.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Linux; Android 13; SM-T870)" WEBKIT
		"SamsungBrowser/23.0 Chrome/115.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Linux; Android 12; SM-T505; wv)" WEBKIT
		"Version/4.0 Chrome/120.0.6099.43 Mobile Safari/537.36",
		"Dalvik/2.1.0 (Linux; U; Android 11; SM-T510 Build/RP1A.200720.012)",
		"Dalvik/2.1.0 (Linux; U; Android 13; SM-X700 Build/TP1A.220624.014)",
		"Dalvik/2.1.0 (Linux; U; Android 13; Xiaomi Pad 5 Build/RKQ1.200826.002)",
		"Mozilla/5.0 (Linux; Android 14; Pixel Tablet)" WEBKIT "Chrome/140.0.0.0 "
		"Safari/537.36",
		"Mozilla/5.0 (Linux; Android 12; Lenovo TB-J606F)" WEBKIT
		"Chrome/126.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Linux; Android 13; 22081283G Redmi Pad)" WEBKIT
		"Chrome/110.0.5481.65 Safari/537.36",
		"Mozilla/5.0 (Linux; Android 10; K)" WEBKIT "Chrome/140.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Android 14; Tablet; rv:142.0) Gecko/142.0 Firefox/142.0",
		"Opera/9.80 (Android 3.2.1; Linux; Opera Tablet/ADR-1301080958) Presto/2.11.355",
		"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 7 Build/MOB30X)" WEBKIT
		"Chrome/62.0.3202.84 Safari/537.36",
		"Mozilla/5.0 (Linux; Android 9; KFTRWI)" WEBKIT
		"Silk/128.4.1 like Chrome/128.0.6613.187 Safari/537.36",
		"Mozilla/5.0 (Linux; U; Android 4.0.3; en-us; KFTT Build/IML74K) "
		"AppleWebKit/535.19 "
		"(KHTML, like Gecko) Silk/3.4 Mobile Safari/535.19 Silk-Accelerated=true",
		"Mozilla/5.0 (X11; Linux x86_64)" WEBKIT
		"Silk/108.4.6 like Chrome/108.0.5359.220 Safari/537.36",
		"Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) AppleWebKit/531.2+ (KHTML, "
		"like "
		"Gecko) Version/5.0 Safari/533.2+ Kindle/3.0+",
		"Mozilla/4.0 (compatible; Linux 2.6.22) NetFront/3.4 Kindle/2.0 (screen 600x800)",
		"Mozilla/5.0 (PlayBook; U; RIM Tablet OS 2.1.0; en-US) AppleWebKit/536.2+ (KHTML, "
		"like "
		"Gecko) Version/7.2.1.0 Safari/536.2+",
		"Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; ARM; Trident/6.0; Touch)",
	};

	(void)state;
	check("tablet", agents, ARRAY_LEN(agents));
}

static void tvs__are_televisions_boxes_and_consoles(void **state)
{
	static const char *const agents[] = {
		"Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0)" WEBKIT "94.0.4606.31/7.0 TV "
		"Safari/537.36",
		"Mozilla/5.0 (SMART-TV; Linux; Tizen 2.4.0)" OLDER "Version/2.4.0 TV Safari/538.1",
		"Mozilla/5.0 (Linux; Tizen 2.3)" WEBKIT "SamsungBrowser/2.1 Safari/537.36",
		"Mozilla/5.0 (SmartHub; SMART-TV; U; Linux/SmartTV; Maple2012) AppleWebKit/534.7 "
		"(KHTML, "
		"like Gecko) SmartTV Safari/534.7",
		"Mozilla/5.0 (Web0S; Linux/SmartTV)" WEBKIT "Chrome/108.0.5359.211 Safari/537.36 "
		"WebAppManager",
		"Mozilla/5.0 (Linux; NetCast; U) AppleWebKit/537.31 (KHTML, like Gecko) "
		"Chrome/38.0 "
		"Safari/537.31 SmartTV/7.0",
		"Mozilla/5.0 (Linux; Android 10; BRAVIA 4K VH2 Build/QTG3.200305.006.S292)" WEBKIT
		"Chrome/122.0.6261.105 Safari/537.36 OPR/46.0.2207.0 OMI/4.23",
		"Mozilla/5.0 (Linux; Android 9; SHIELD Android TV Build/PPR1.180610.011; wv)" WEBKIT
		"Version/4.0 Chrome/102.0.5005.125 Mobile Safari/537.36",
		"Mozilla/5.0 (Linux; Android 9; MIBOX4)" WEBKIT "Chrome/96.0.4664.104 "
		"Safari/537.36",
		"Mozilla/5.0 (Linux; Android 12; Chromecast HD Build/STTE.231215.005)" WEBKIT
		"Chrome/120.0.0.0 Safari/537.36",
		"Mozilla/5.0 (X11; Linux armv7l)" WEBKIT "Chrome/90.0.4430.225 Safari/537.36 "
		"CrKey/1.54.250320",
		"Mozilla/5.0 (Linux; Android)" WEBKIT "Chrome/114.0.0.0 Safari/537.36 "
		"CrKey/1.56.500000 "
		"DeviceType/AndroidTV",
		"Mozilla/5.0 (Linux; Android 9; AFTMM)" WEBKIT
		"Silk/120.2.6 like Chrome/120.0.6099.230 Safari/537.36",
		"Dalvik/2.1.0 (Linux; U; Android 7.1.2; AFTKA Build/NS6281)",
		"AppleTV11,1/11.1",
		"AppleCoreMedia/1.0.0.21K79 (Apple TV; U; CPU OS 17_2 like Mac OS X; en_us)",
		"Roku/DVP-12.5 (12.5.0.4178-88)",
		"Mozilla/5.0 (QSP; Roku; AP; 6.2.80.2752)",
		"HbbTV/1.4.1 (+DRM; Panasonic;VIERA 2019;0.1.1;;) en",
		"Mozilla/5.0 (Linux armv7l)" WEBKIT "Chrome/53.0.2785.143 Safari/537.36 "
		"OPR/40.0.2207.0 "
		"OMI/4.9 Model/Vestel-MB211 HbbTV/1.2.1 (; JVC; MB211;;) SmartTvA/3.0.0",
		"Opera/9.80 (Linux armv7l; HbbTV/1.2.1 (; Philips; 40PFK6510; ; ; PhilipsTV; ) "
		"NetTV/4.3.1",
		"Mozilla/5.0 (X11; Linux armv7l)" WEBKIT "Chrome/88.0.4324.152 Safari/537.36 VIZIO "
		"SmartCast(Conjure/SX7B-6.0.10.1)",
		"Mozilla/5.0 (Linux; Android 9; MiTV-MSSP1)" WEBKIT "Chrome/96.0.4664.104 "
		"Safari/537.36",
		"Mozilla/5.0 (Linux; Android 5.1.1; WIWA DREAM PLAYER TV)" WEBKIT
		"Chrome/78.0.3904.96 Safari/537.36",
		"Mozilla/5.0 (X11; U; Linux i686; en-US) AppleWebKit/533.4 (KHTML, like Gecko) "
		"Chrome/5.0.375.127 Large Screen Safari/533.4 GoogleTV/162671",
		"Mozilla/5.0 (DirectFB; Linux; ko-KR) AppleWebKit/534.26 (KHTML, like Gecko) "
		"Version/5.0 "
		"Safari/534.26 HbbTV/1.1.1 ( ;LGE ;NetCast 3.0 ;1.0 ;1.0M ;)",
		"Mozilla/5.0 (X11; FreeBSD; U; Viera; de-DE) AppleWebKit/535.1 (KHTML, like Gecko) "
		"Viera/1.2.4 Chrome/12.0.742.112 Safari/535.1",
		"Mozilla/5.0 (QtEmbedded; U; Linux; C) AppleWebKit/533.3 (KHTML, like Gecko) "
		"MAG200 "
		"stbapp ver: 2 rev: 250 Safari/533.3",
		"Player/4.1 (com.example.player; tvOS 17.5)",
		"Mozilla/5.0 (PlayStation; PlayStation 5/9.60)" APPLE "Version/15.4 "
		"Safari/605.1.15",
		"Mozilla/5.0 (PlayStation 4 11.00)" APPLE,
		"Mozilla/5.0 (PLAYSTATION 3 4.90) AppleWebKit/531.22.8 (KHTML, like Gecko)",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One)" WEBKIT
		"Chrome/138.0.0.0 Safari/537.36 Edge/44.18363.8131",
		"Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; "
		"IEMobile/10.0; Xbox; "
		"Xbox One)",
		"Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like "
		"Gecko) "
		"NF/6.0.2.21.3 NintendoBrowser/5.1.0.22474",
		"Mozilla/5.0 (Nintendo WiiU) AppleWebKit/536.30 (KHTML, like Gecko) NX/3.0.4.2.13 "
		"NintendoBrowser/4.3.2.11274.EU",
	};

	(void)state;
	check("tv", agents, ARRAY_LEN(agents));
}

static void bots__are_bots_whatever_else_they_pretend(void **state)
{
	static const char *const agents[] = {
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
		"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P)" WEBKIT
		"Chrome/139.0.7258.138 Mobile Safari/537.36 (compatible; Googlebot/2.1; "
		"+http://www.google.com/bot.html)",
		"Googlebot-Image/1.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 14_7_1 like Mac OS X)" APPLE
		"Version/14.1.2 Mobile/15E148 Safari/604.1 (compatible; AdsBot-Google-Mobile; "
		"+http://www.google.com/mobile/adsbot.html)",
		"Mozilla/5.0 (compatible; Google-InspectionTool/1.0;)",
		"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com "
		"GoogleImageProxy)",
		"Mozilla/5.0" WEBKIT "(compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) "
		"Chrome/116.0.1938.76 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5)" APPLE "Version/13.1.1 "
		"Safari/605.1.15 "
		"(Applebot/0.1; +http://www.apple.com/go/applebot)",
		"Mozilla/5.0" WEBKIT "compatible; GPTBot/1.2; +https://openai.com/gptbot)",
		"Mozilla/5.0" WEBKIT "compatible; ChatGPT-User/1.0; +https://openai.com/bot",
		"Mozilla/5.0" WEBKIT "compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
		"Mozilla/5.0" WEBKIT "compatible; Perplexity-User/1.0; "
		"+https://perplexity.ai/perplexity-user)",
		"Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
		"Mozilla/5.0 (compatible; Baiduspider/2.0; "
		"+http://www.baidu.com/search/spider.html)",
		"Mozilla/5.0 (Linux; Android 5.0)" WEBKIT
		"Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
		"Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
		"Mozilla/5.0 (compatible; Yahoo! Slurp; "
		"http://help.yahoo.com/help/us/ysearch/slurp)",
		"DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
		"Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
		"Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
		"Mozilla/5.0 (compatible; archive.org_bot "
		"+http://archive.org/details/archive.org_bot)",
		"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
		"facebookexternalhit/1.1",
		"meta-externalagent/1.1 "
		"(+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
		"Twitterbot/1.0",
		"LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient "
		"+http://www.linkedin.com)",
		"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
		"TelegramBot (like TwitterBot)",
		"Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
		"WhatsApp/2.23.20.0 A",
		"Mozilla/5.0 (Windows NT 6.1; WOW64)" WEBKIT "SkypeUriPreview Preview/0.5",
		"Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
		"Uptime-Kuma/1.23.13",
		"GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
		"Mozilla/5.0 (compatible; Pingdom.com_bot_version_1.4_(http://www.pingdom.com/))",
		"Mozilla/5.0 (X11; Linux x86_64)" WEBKIT "Chrome/120.0.0.0 Safari/537.36 "
		"PingdomTMS/0.8.5",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" WEBKIT
		"Chrome/98.0.4758.102 Safari/537.36 StatusCake",
		"ELB-HealthChecker/2.0",
		"kube-probe/1.29",
		"check_http/v2.3.3 (monitoring-plugins 2.3.3)",
		"Blackbox Exporter/0.25.0",
		"Mozilla/5.0 (X11; Linux x86_64)" WEBKIT "HeadlessChrome/139.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Linux; Android 11; moto g power (2022))" WEBKIT
		"Chrome/119.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse",
		"Mozilla/5.0 (Unknown; Linux x86_64)" OLDER "PhantomJS/2.1.1 Safari/538.1",
		"Scrapy/2.11.2 (+https://scrapy.org)",
		"ICC-Crawler/2.0 (Mozilla-compatible; ; http://ucri.nict.go.jp/en/icccrawler.html)",
		"ia_archiver",
		"Mozilla/4.5 (compatible; HTTrack 3.0x; Windows 98)",
		"facebookcatalog/1.0",
		"meta-externalagent/1.1",
		"Mozilla/5.0 (Windows NT 6.1; WOW64)" WEBKIT "Chrome/80.0.3987.132 Safari/537.36 "
		"BingPreview/1.0b",
		"Mediapartners-Google",
		"GoogleOther",
		"W3C_Validator/1.3 http://validator.w3.org/services",
		"Site24x7",
		"NewRelicPinger/1.0 (1234567)",
		"Mozilla/5.0 (X11; Linux x86_64)" WEBKIT "Chrome/120.0.0.0 Safari/537.36 "
		"DatadogSynthetics",
		"Consul Health Check",
		"GoogleHC/1.0",
		"Prometheus/2.45.3",
		"Zabbix 6.4.15",
		"Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:Port Check)",
		"masscan/1.3 (https://github.com/robertdavidgraham/masscan)",
		"Mozilla/5.0 zgrab/0.x",
		"Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)",
		"sqlmap/1.8.4#stable (https://sqlmap.org)",
	};

	(void)state;
	check("bot", agents, ARRAY_LEN(agents));
}

static void programs__are_api(void **state)
{
	static const char *const agents[] = {
		"curl/8.5.0",
		"curl/7.29.0 (x86_64-redhat-linux-gnu) libcurl/7.29.0 NSS/3.15.4 zlib/1.2.7",
		"Wget/1.21.3",
		"Wget/1.21 (linux-gnu)",
		"HTTPie/3.2.2",
		"python-requests/2.31.0",
		"Python-urllib/3.11",
		"python-httpx/0.27.0",
		"Python/3.11 aiohttp/3.9.5",
		"Go-http-client/1.1",
		"Go-http-client/2.0",
		"go-resty/2.11.0 (https://github.com/go-resty/resty)",
		"okhttp/4.12.0",
		"Java/17.0.9",
		"Java/1.8.0_392",
		"Java-http-client/21.0.2",
		"Apache-HttpClient/4.5.14 (Java/11.0.22)",
		"Jakarta Commons-HttpClient/3.1",
		"Jersey/2.41 (HttpUrlConnection 17.0.9)",
		"ReactorNetty/1.1.15",
		"axios/1.7.2",
		"node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
		"node",
		"undici",
		"got (https://github.com/sindresorhus/got)",
		"Deno/1.44.0",
		"PostmanRuntime/7.39.0",
		"insomnia/9.2.0",
		"libwww-perl/6.68",
		"LWP::Simple/6.67 libwww-perl/6.67",
		"HTTP-Tiny/0.086",
		"GuzzleHttp/7",
		"GuzzleHttp/6.5.5 curl/7.81.0 PHP/8.1.2",
		"PHP/8.2.20",
		"PHP-SOAP/8.2.20",
		"Symfony HttpClient/Curl",
		"Ruby",
		"Faraday v2.9.0",
		"rest-client/2.1.0 (linux-gnu x86_64) ruby/3.2.3p157",
		"RestSharp/110.2.0.0",
		"Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.3672",
		"Mozilla/5.0 (Linux; Debian GNU/Linux 12 (bookworm); ) PowerShell/7.4.2",
		"Dart/3.4 (dart:io)",
		"reqwest/0.12.4",
		"grpc-java-netty/1.64.0",
		"aws-cli/2.15.40 Python/3.11.8 Linux/6.1.0 exe/x86_64.debian.12",
		"git/2.39.5",
		"ApacheBench/2.3",
		"k6/0.51.0 (https://k6.io/)",
		"libcurl-agent/1.0",
		"PycURL/7.45.2 libcurl/7.88.1 OpenSSL/3.0.11 zlib/1.2.13",
		"Apache-HttpAsyncClient/4.1.5 (Java/17.0.10)",
		"AHC/2.12.3",
		"Vert.x-WebClient/4.5.7",
		"ktor-client",
		"Bun/1.1.8",
		"Mojolicious (Perl)",
		"ureq/2.9.7",
		"aws-sdk-java/2.25.30 Linux/6.1.0 OpenJDK_64-Bit_Server_VM/17.0.10",
		"Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/linux#6.1.0 lang/python#3.11.8",
		"Billing/3.1 okhttp/4.12.0",
		"Notes/12 CFNetwork/1494.0.7 Darwin/23.4.0",
	};

	(void)state;
	check("api", agents, ARRAY_LEN(agents));
}

static void what_tells_nothing__has_no_type(void **state)
{
	static const char *const agents[] = {
		"",
		" ",
		"\t",
		"-",
		"Mozilla/5.0",
		"Mozilla",
		"x",
		"Acme Client 3",
		"\xff\xfe\x80",
		"botany lessons",
		"mycurl",
		"javascript",
		"curlew/1.0",
		"Microsoft",
		"Darwin",
		"television",
		"nodejs-less",
		"xlinux",
		"sandroid",
		"goto/1",
	};

	(void)state;
	check(NULL, agents, ARRAY_LEN(agents));
	assert_null(device_type(STR_NONE).p);
}

static void a_word_beyond_the_limit__is_not_seen(void **state)
{
	const struct str word = STR("Googlebot");
	char agent[8 * LIMIT_TEXT_BYTES];

	(void)state;
	memset(agent, '.', sizeof(agent));
	memcpy(agent + LIMIT_TEXT_BYTES - word.n, word.p, word.n);
	assert_true(str_eq(device_type((struct str){agent, sizeof(agent)}), STR("bot")));
	agent[LIMIT_TEXT_BYTES - word.n - 1] = 'x';
	assert_true(str_eq(device_type((struct str){agent, sizeof(agent)}), STR("bot")));
	memset(agent, '.', sizeof(agent));
	memcpy(agent + LIMIT_TEXT_BYTES - word.n + 1, word.p, word.n);
	assert_null(device_type((struct str){agent, sizeof(agent)}).p);
}

static void a_nul_byte__hides_nothing(void **state)
{
	(void)state;
	assert_true(str_eq(device_type(STR("Mozilla/5.0\0 (X11)\0 Googlebot/2.1")), STR("bot")));
	assert_true(str_eq(device_type(STR("\0curl is not first; Linux")), STR("desktop")));
}

/* Repeats of what nearly matches, the worst there is for searching: the type does not matter. */
static void a_hostile_agent__is_read_to_the_end(void **state)
{
	static const char *const parts[] = {"bot", "bo", "a", "androidx", "xandroid", "linuxl"};
	char agent[LIMIT_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		size_t n = strlen(parts[i]);

		for (size_t at = 0; at < sizeof(agent); at++)
			agent[at] = parts[i][at % n];
		(void)device_type((struct str){agent, sizeof(agent)});
	}
	for (int c = 0; c < 256; c++) {
		memset(agent, c, sizeof(agent));
		assert_null(device_type((struct str){agent, sizeof(agent)}).p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(desktops__are_what_sits_on_a_desk),
		cmocka_unit_test(mobiles__are_phones_and_what_fits_a_pocket),
		cmocka_unit_test(tablets__are_android_without_mobile_and_those_known_by_name),
		cmocka_unit_test(tvs__are_televisions_boxes_and_consoles),
		cmocka_unit_test(bots__are_bots_whatever_else_they_pretend),
		cmocka_unit_test(programs__are_api),
		cmocka_unit_test(what_tells_nothing__has_no_type),
		cmocka_unit_test(a_word_beyond_the_limit__is_not_seen),
		cmocka_unit_test(a_nul_byte__hides_nothing),
		cmocka_unit_test(a_hostile_agent__is_read_to_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
