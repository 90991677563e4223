/*
 * tracking_formats.h
 *
 * The forms of tracking numbers, in the order in which they are tried:
 *
 * FORMAT(name, carrier, form, check, serial from, serial to, length, link)
 *
 * form    words: d, a and x stand for digits, letters and either, with how many
 *         ("d20") or at least and at most how many ("d10-11"); other words for
 *         themselves, "91|92" for one of them
 * check   a rule of tracking_number.c; its character follows the serial, which
 *         is [from, to) of the number, counted from the end where negative
 * length  the number proper: so many characters, the check character being the
 *         last; 0: all
 * link    a row of links[] of tracking_number.c
 */
FORMAT("ups", "ups", "1Z x15 d1", MOD10_12, 2, -1, 0, UPS)
FORMAT("s10", NULL, "a2 d9 a2", S10, 2, 10, 0, NONE)
FORMAT("usps_impb_22", "usps", "91|92|93|94|95 d20", MOD10_31, 0, -1, 0, USPS)
FORMAT("usps_impb_26", "usps", "92|93|94|95 d24", MOD10_31, 0, -1, 0, USPS)
FORMAT("usps_impb_30", "usps", "94 d28", MOD10_31, 0, -1, 0, USPS)
FORMAT("fedex_ground_96", "fedex", "96 d20", MOD10_13, 7, -1, 0, FEDEX)
FORMAT("fedex_ground_gsn", "fedex", "96 d32", WEIGHTS_173, 20, -1, 12, FEDEX)
FORMAT("fedex_sscc", "fedex", "00 d16", MOD10_31, 2, -1, 0, FEDEX)
FORMAT("dhl_parcel_de", "dhl", "00340434 d12", MOD10_31, 2, -1, 0, DHL_DE)
FORMAT("dhl_parcel_de", "dhl", "340434 d12", MOD10_31, 0, -1, 0, DHL_DE)
FORMAT("postnord", "postnord", "0037350|0037300 d13", MOD10_31, 2, -1, 0, POSTNORD)
FORMAT("postnord", "postnord", "37350|37300 d13", MOD10_31, 0, -1, 0, POSTNORD)
FORMAT("sscc", NULL, "00 d18", MOD10_31, 2, -1, 0, NONE)
FORMAT("ups_mail", "ups", "A|H|J|K|T|V d10", MOD10_12, 1, -1, 0, UPS)
FORMAT("ontrac", "ontrac", "C|D d14", MOD10_12, 0, -1, 0, NONE)
FORMAT("usps_20", "usps", "d20", MOD10_31, 0, -1, 0, USPS)
FORMAT("usps_20", "usps", "d20", MOD10_31_AS_91, 0, -1, 0, USPS)
FORMAT("fedex_express", "fedex", "d12", WEIGHTS_317, 0, -1, 0, FEDEX)
FORMAT("fedex_ground", "fedex", "d15", MOD10_13, 0, -1, 0, FEDEX)
FORMAT("fedex_astra", "fedex", "3 d31", WEIGHTS_317, 16, 27, 12, FEDEX)
FORMAT("fedex_barcode", "fedex", "d34", WEIGHTS_173, 20, -1, 12, FEDEX)
FORMAT("dhl_express", "dhl", "d10-11", MOD7, 0, -1, 0, DHL_EXPRESS)
FORMAT("dhl_identcode", "dhl", "d12", FOUR_NINE, 0, -1, 0, DHL_DE)
FORMAT("purolator", "purolator", "0|1|2|3|4|5 d11", LUHN, 0, -1, 0, NONE)
FORMAT("canada_post", "canada_post", "d16", MOD10_31, 0, -1, 0, NONE)
FORMAT("dpd", "dpd", "d27 x1", MOD37_36, 0, -1, 0, NONE)
FORMAT("dpd", "dpd", "d14 x1", MOD37_36, 0, -1, 0, NONE)
FORMAT("dhl_express_piece", "dhl", "J a1-3 d9-28", NOTHING, 0, 0, 0, DHL_EXPRESS)
FORMAT("amazon", "amazon", "TBA|TBC|TBM d12", NOTHING, 0, 0, 0, NONE)
FORMAT("amazon", "amazon", "A|F|C d10", NOTHING, 0, 0, 0, NONE)
FORMAT("dhl_ecommerce", "dhl", "GM|LX|RX|UV|CN|SG|TH|IN|HK|MY d1 x9-38", NOTHING, 0, 0, 0, DHL)
FORMAT("purolator", "purolator", "a3 d9", NOTHING, 0, 0, 0, NONE)
FORMAT("dhl_ecommerce", "dhl", "d14", NOTHING, 0, 0, 0, DHL)
FORMAT("yurtici", "yurtici", "d12", NOTHING, 0, 0, 0, YURTICI)
FORMAT("aras", "aras", "d13", NOTHING, 0, 0, 0, ARAS)
FORMAT("aras", "aras", "d20", NOTHING, 0, 0, 0, ARAS)
