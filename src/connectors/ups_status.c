/*
 * ups_status.c
 *
 * What UPS's scan codes mean: one row per kind of code and canonical status,
 * the codes as words of a sorted list.  A scan is looked up by its statusCode,
 * then by type and code, then by its type alone; the first that is listed
 * decides.  Rows with NULL tell something and leave the status as it is.
 * The wording of the codes and the reading of replies stand elsewhere.
 */
#include "postgres.h"

#include "connectors/ups.h"

static const struct
{
	const char *type; /* "": the codes are statusCodes; "*": they are types */
	const char *status;
	const char *codes;
} statuses[] = {
	/* statusCode, of three digits */
	{"", "label_created", "003 044 045 077 079 080 157 166"},
	{"",
	 "in_transit",
	 "005 010 012 014 016 025 038 039 047 057 070 071 073 074 084 087 092 093 094 134 137 "
	 "138 158 159 160 164 165 167 168 169"},
	{"", "out_for_delivery", "006 021 037 072 075 078 089 091 146 162"},
	{"", "ready_for_pickup", "017 040 144 161"},
	{"", "delivered", "011 026 143 156"},
	{"", "attempted", "022 023 024 060 061 062 066 145"},
	{"", "delayed", "019 032 046 048 051 052 053 055 083 085 086 090 126 132 136"},
	{"",
	 "exception",
	 "013 029 030 049 050 058 059 064 069 076 123 124 125 129 130 139 141 147 149"},
	{"", "returning", "035 036 117 118"},
	{"", "returned", "034 067 081"},
	{"", "lost", "068 140"},
	{"", "cancelled", "007 043"},
	{"",
	 NULL,
	 "018 020 027 028 033 041 042 054 056 063 065 082 095 096 097 098 099 100 101 102 103 "
	 "104 105 106 107 108 109 110 111 112 113 114 115 116 119 120 121 122 127 128 131 133 "
	 "135 142 153 154 155"},
	{"", "unknown", "000 088 148 163"},
	/* deliveries */
	{"D", "in_transit", "2D 2J 4X 7A 83 85 86 BN EG EZ F0 F3 FB VS YH"},
	{"D", "out_for_delivery", "2K 7K"},
	{"D", "ready_for_pickup", "1N 2Q EP ZQ"},
	{"D",
	 "delivered",
	 "2W 3F 3G 3H 8N 8O 98 9E A0 AI BI EE F7 FI FV L4 M1 M2 M3 M4 M5 M6 M7 M8 M9 MA MB MC "
	 "MD ME MG MH MJ MK ML MM MN MP MQ MR MS MU MW MX MY NL NT OO OZ P5 PF UC YC ZF ZG ZH "
	 "ZI"},
	{"D", "attempted", "CI CO DI EA FO"},
	{"D", "delayed", "00 09 12 32 41 42 44 57 70 B2 CB CR DK EF EI EJ EK EL EM FZ RQ"},
	{"D",
	 "exception",
	 "28 50 53 61 62 74 BL BM BO BS CU DO DZ ET F2 FC GK HI KU L6 LM MV OE RN SG ST"},
	{"D", "returned", "B0"},
	{"D", "cancelled", "EB"},
	{"D", NULL, "1Z 2C 38 5F 7B 8Q AU EC EQ F1 FD GW NS NX SB SE TW UJ ZE"},
	/* movements */
	{"I", "label_created", "OC PL SP"},
	{"I", "in_transit", "AG AR AT DL DP DS EP HU IP LC LM OR PC PT PU UL WH XA XD XR YH YM YN YP"},
	{"I", "out_for_delivery", "OD OF OT YF YI"},
	{"I", "cancelled", "VP"},
	{"I", NULL, "CA CD CL UA UD"},
	/* manifest */
	{"M", "label_created", "DP MP RD"},
	{"M", "cancelled", "VP"},
	/* updates, in Track Alert only */
	{"U", NULL, "PX UP UT"},
	/* exceptions */
	{"X",
	 "in_transit",
	 "1P 2O 2R 2S 2U 2V 3P 4B 4C 4F 4H 4J 4Y 5S 5V 6H 6I 6J 6P 77 7I 7M 8M 8R 9I B3 B6 BV "
	 "C3 D5 DA DB E0 E7 ER F0 F3 GD HF HL HM HW I8 IP LX LY O7 OA P4 PG RB RC S4 S5 SI SX "
	 "SY UI VA VX VZ W8 X4 XD Y4 Y5 YG YT YX Z5 ZD ZK ZL ZN ZV ZW"},
	{"X", "out_for_delivery", "76 RK RL VG ZS ZX ZY ZZ"},
	{"X", "ready_for_pickup", "54 5G 6B 8I I5 O5 O8 UE VB VE VN ZP"},
	{"X", "delivered", "F4 F7 FN FT K7 KM KN"},
	{"X",
	 "attempted",
	 "2X 3J 3L 48 49 4M 51 52 55 5R 5U 5Z 6L 6R 7L 89 AX AY C4 FM G3 G7 G8 GB HQ IR KX KZ "
	 "L1 OH PI YD ZM"},
	{"X",
	 "delayed",
	 "01 02 03 04 05 06 07 08 11 14 15 16 17 18 19 1B 1E 1G 1H 1K 1L 1M 1O 1Q 1U 1V 1X 22 "
	 "23 2A 2H 2N 2T 2Y 2Z 31 34 3A 3B 3C 3D 3S 3T 3U 46 4I 4K 5T 5W 68 6D 6E 6K 72 7G 7N "
	 "7R 7S 7V 7W 7X 7Y 7Z 87 8A 8G 8K 8L 8Y 8Z 9L 9M 9N 9O 9P 9Q 9R 9S 9T 9U 9V 9X 9Y 9Z "
	 "AD AH AT AZ B1 B4 B8 B9 BW BX C5 C6 CC CD CE CK CL CM CN CP CQ CT D1 D4 DC DE DF DG "
	 "DJ DQ DR DU E3 E4 E8 E9 ED EH EN EO ES FG G6 G9 GC GH GI GV H7 HA HG HH IB IJ IQ K1 "
	 "K2 L3 LE LF LH LI LV MF MI MT NP NW O6 OB OD OI OM OR OS P6 P7 PH PZ Q0 Q1 R4 R5 RD "
	 "RE RM RO RP RY RZ S6 S8 SF SS T3 TE TG TH TI TN TR TT UD UG UK VK VL VQ VR X0 X2 X3 "
	 "X7 XJ XK XL XS XY XZ Y1 Y7 Y9 YI YR"},
	{"X",
	 "exception",
	 "13 1A 1C 1F 1W 25 29 2B 33 40 43 45 47 4P 4Q 4T 4Z 60 64 66 67 6T 71 73 7F 7P 7T 7U "
	 "84 8D 91 95 99 9F A2 A3 A4 A5 A6 A7 A8 A9 AA AB AC AE AF AG AJ AK AL AM AN AO AP AQ "
	 "AS AV AW B5 BA BB BD BE BF BG BH BJ BK BP BT BZ C7 C8 C9 CA CG CH CJ CV CW CX CY CZ "
	 "D0 D2 D7 D9 DD DN DP DS DW DY E1 EU EV EW EX EY F8 FA FE FF GF GZ H1 H2 H3 H4 H5 H9 "
	 "HD HE HK HN HO HR I2 IY J0 J8 KI KQ KR KS KT L2 L5 LN LO LQ NI OJ OQ OT R1 R6 R7 RA "
	 "RJ RR RS RU RX S1 S2 S3 SJ SL SN SP SV T9 TC TF TV TX U0 U3 UN UP UR US VI VJ VP X5 "
	 "X6 X8 XA XB XC XE XG XN XO XV XW YA YE YF YV Z1 Z3"},
	{"X", "returning", "24 27 3N 4R 6C 7H 8H 90 A1 CF DL H8 I1 KP O0 O4 RV UF XU YU ZO"},
	{"X", "returned", "4S 65 PP TU UA YJ YK"},
	{"X", "lost", "26 S9 TJ UO YL YM"},
	{"X", "cancelled", "5D"},
	{"X",
	 NULL,
	 "1D 1T 2E 2G 30 37 39 3Q 3R 3V 3W 3Z 4L 4N 56 59 5A 5B 63 6G 6W 6X 6Z 78 79 7C 7D 7E "
	 "7Q 8C 8E 8F 92 93 9C 9D 9J 9K BQ BR CS DT E2 F5 FW G1 G4 G5 GN GO GQ GR H6 HJ I3 I9 "
	 "J9 JA JB JC JH JI JJ K5 K6 K8 KO KY L0 L8 LU LZ O1 O2 O3 O9 OL R3 R8 RF RG RH RI RW "
	 "S0 S7 SO SU T4 T5 T6 T7 T8 TA TB TK TL TO TS UL UT UW UX UZ V9 VD VF VH VM VU VV VW "
	 "X9 Y2 Y3 YS YW Z7 Z8 ZA ZB ZC ZU"},
	/* the type alone */
	{"*", "label_created", "M"},
	{"*", "in_transit", "I W"},
	{"*", "delivered", "D DD DO"},
	{"*", "exception", "X"},
	{"*", "cancelled", "MV"},
	{"*", NULL, "U"},
	{"*", "unknown", "NA"},
};

/* Whether word stands in a list of words. */
static bool
lists(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static bool
find(const char *type, const char *code, const char **status)
{
	if (*code == '\0' || strchr(code, ' ') != NULL)
		return false;
	for (int i = 0; i < (int) lengthof(statuses); i++)
	{
		if (strcmp(statuses[i].type, type) == 0 && lists(statuses[i].codes, code))
		{
			*status = statuses[i].status;
			return true;
		}
	}
	return false;
}

/* Upper case, without blanks; three digits for a status code that came as a number. */
static char *
normalise(const char *code, bool digits)
{
	char *upper = code ? ff_plain_text(code, 16) : pstrdup("");

	for (char *c = upper; *c != '\0'; c++)
		*c = pg_toupper((unsigned char) *c);
	if (digits && *upper != '\0' && strlen(upper) < 3)
		return psprintf("%03d", atoi(upper));
	return upper;
}

const char *
ff_ups_status(const char *type, const char *code, const char *status_code)
{
	const char *status = "unknown";
	char *kind = normalise(type, false);

	if (!find("", normalise(status_code, true), &status) &&
		!(*kind != '\0' && find(kind, normalise(code, false), &status)))
		(void) find("*", kind, &status);
	return status;
}
