/*
 * woo_world.c
 *
 * The shop's goods and its customers' countries, as tables: real places with
 * their postcodes, streets and names with umlauts, apostrophes and quotes,
 * goods with weights, sizes, customs codes, three of them hazardous and three
 * variations of one T-shirt.
 */
#include "woo.h"

/* clang-format off */
const WooGoods woo_goods[] = {
	{"MUG-BLUE", "Mug, blue", 2490, 400, {120, 100, 110}, false, "69120023", "SE", 400, NULL},
	{"MUG-GREEN", "Mug, grün glasiert", 2490, 400, {120, 100, 110}, false, "69120023", "SE", 300, NULL},
	{"TEAPOT-1L", "Teapot \"Oma\" 1 l", 6900, 1350, {260, 180, 190}, false, "69111000", "DE", 80, NULL},
	{"PLATE-27", "Plate Ø 27 cm", 1850, 720, {280, 280, 30}, false, "69111000", "PT", 500, NULL},
	{"BOWL-OAK", "Bowl of oak", 3900, 610, {240, 240, 90}, false, "44191900", "SE", 120, NULL},
	{"SPOON-SET6", "Spoons, set of 6", 2200, 340, {220, 90, 30}, false, "82152010", "DE", 260, NULL},
	{"KNIFE-CHEF", "Chef's knife 20 cm", 8900, 290, {340, 60, 30}, false, "82119200", "JP", 90, NULL},
	{"TOWEL-LINEN", "Tea towel, linen & cotton", 1490, 130, {250, 180, 20}, false, "63029100", "LT", 700, NULL},
	{"APRON-GREY", "Apron, grey", 3490, 320, {300, 220, 40}, false, "62114390", "IN", 150, NULL},
	{"LAMP-DESK", "Desk lamp „Arkitekt“", 12900, 2600, {480, 260, 200}, false, "94052110", "SE", 60, NULL},
	{"CHAIR-BEECH", "Chair, beech", 18900, 6800, {900, 480, 460}, false, "94016900", "PL", 40, NULL},
	{"BLANKET-WOOL", "Wool blanket 130 × 200", 9900, 1450, {400, 300, 120}, false, "63012010", "NO", 110, NULL},
	{"CANDLE-SOY", "Candle, soy wax", 1690, 380, {90, 90, 110}, false, "34060000", "SE", 350, NULL},
	{"NOTEBOOK-A5", "Notebook A5, ruled", 990, 260, {210, 150, 15}, false, "48201030", "FI", 900, NULL},
	{"PEN-BRASS", "Pen, brass", 3200, 60, {150, 40, 25}, false, "96081010", "DE", 210, NULL},
	{"POSTER-5070", "Poster 50 × 70", 2900, 240, {720, 80, 80}, false, "49119100", "DK", 180, NULL},
	{"HAZ-PERFUME-50", "Eau de parfum 50 ml", 6400, 210, {130, 70, 60}, true, "33030010", "FR", 140, NULL},
	{"HAZ-LACQUER", "Spray lacquer 400 ml", 1390, 420, {200, 70, 70}, true, "32081090", "DE", 160, NULL},
	{"HAZ-POWERBANK", "Power bank 20 Ah", 4900, 430, {160, 80, 30}, true, "85076000", "CN", 130, NULL},
	{"TEE-S", "T-shirt – S", 2290, 160, {300, 220, 20}, false, "61091000", "PT", 90, "T-shirt"},
	{"TEE-M", "T-shirt – M", 2290, 175, {300, 220, 20}, false, "61091000", "PT", 140, "T-shirt"},
	{"TEE-L", "T-shirt – L", 2290, 190, {300, 220, 20}, false, "61091000", "PT", 110, "T-shirt"},
	{0}};

const WooCountry woo_countries[] = {
	{"SE", 24, 0.25, "+4670", {{"Malmö", "21122", ""}, {"Stockholm", "11455", ""}, {"Göteborg", "41101", ""}, {"Umeå", "90325", ""}},
	 {"Storgatan", "Östra Förstadsgatan", "Kungsgatan", "Åsögatan"}, {"Åsa", "Björn", "Eva", "Göran", "Linnéa"},
	 {"Öberg", "Ek", "Sjöström", "Åkesson", "af Ugglas"}},
	{"DE", 20, 0.19, "+49151", {{"München", "80331", ""}, {"Köln", "50667", ""}, {"Berlin", "10115", ""}, {"Weißenfels", "06667", ""}},
	 {"Bahnhofstraße", "Große Gasse", "Am Mühlbach", "Königsallee"}, {"Jürgen", "Zoë", "Käthe", "Max", "Björn-Uwe"},
	 {"Müßig", "Schröder", "von der Heide", "Özdemir", "Groß"}},
	{"NO", 8, 0.25, "+4791", {{"Tromsø", "9008", ""}, {"Oslo", "0150", ""}, {"Bodø", "8006", ""}, {"Ålesund", "6002", ""}},
	 {"Sjøgata", "Karl Johans gate", "Nygårdsgaten", "Øvre Slottsgate"}, {"Bjørn", "Øyvind", "Åshild", "Kari", "Sølvi"},
	 {"Hansen", "Ødegård", "Sørli", "Bråten", "Næss"}},
	{"DK", 7, 0.25, "+4520", {{"København K", "1050", ""}, {"Århus C", "8000", ""}, {"Ærøskøbing", "5970", ""}, {"Rønne", "3700", ""}},
	 {"Nørregade", "Vesterbrogade", "Østre Allé", "Havnegade"}, {"Søren", "Mette", "Jørgen", "Åse", "Rasmus"},
	 {"Møller", "Kjær", "Sørensen", "Højgaard", "Bæk"}},
	{"FI", 6, 0.255, "+35840", {{"Helsinki", "00100", ""}, {"Jyväskylä", "40100", ""}, {"Hämeenlinna", "13100", ""}, {"Åbo", "20100", ""}},
	 {"Mannerheimintie", "Hämeenkatu", "Kävelykatu", "Yliopistonkatu"}, {"Väinö", "Äiti-Maria", "Juhani", "Päivi", "Tove"},
	 {"Mäkinen", "Hämäläinen", "Virtanen", "Jääskeläinen", "Åström"}},
	{"FR", 8, 0.20, "+3361", {{"Paris", "75002", ""}, {"L'Haÿ-les-Roses", "94240", ""}, {"Besançon", "25000", ""}, {"Saint-Étienne", "42000", ""}},
	 {"Rue de l'Église", "Avenue du Maréchal-Foch", "Quai de la Fosse", "Allée des Chênes"}, {"François", "Maëlle", "Éloïse", "Jean-Noël", "Anaïs"},
	 {"D'Angelo", "Lefèvre", "Nuñez", "L'Hôte", "Gauß"}},
	{"NL", 6, 0.21, "+3161", {{"Amsterdam", "1012 JS", ""}, {"'s-Hertogenbosch", "5211 AA", ""}, {"Utrecht", "3511 BP", ""}, {"Den Haag", "2511 CV", ""}},
	 {"Prinsengracht", "'t Zand", "Oudegracht", "Lange Voorhout"}, {"Daniël", "Saskia", "Joost", "Zoë", "Renée"},
	 {"van 't Hoff", "de Vries", "Jansen", "van der Berg", "Dekker"}},
	{"PL", 4, 0.23, "+4860", {{"Łódź", "90-001", ""}, {"Kraków", "30-001", ""}, {"Gdańsk", "80-001", ""}, {"Wrocław", "50-001", ""}},
	 {"ul. Świętojańska", "ul. Długa", "al. Jerozolimskie", "ul. Piotrkowska"}, {"Łukasz", "Małgorzata", "Zbigniew", "Agnieszka", "Józef"},
	 {"Wiśniewski", "Dąbrowska", "Żak", "Kowalczyk", "Ślązak"}},
	{"GB", 5, 0, "+4477", {{"London", "SW1A 1AA", ""}, {"Leeds", "LS1 4AP", ""}, {"Bristol", "BS1 5TR", ""}, {"Oxford", "OX1 3QD", ""}},
	 {"King's Road", "High Street", "St. John's Wood", "Abbey Road"}, {"Seán", "Chloë", "Rhys", "Siobhán", "William"},
	 {"O'Brien", "MacDonald", "Smith-Jones", "D'Arcy", "Nguyễn"}},
	{"US", 9, 0, "+1512555", {{"Austin", "78701", "TX"}, {"New York", "10001", "NY"}, {"Atlanta", "30301", "GA"}, {"Seattle", "98101", "WA"}},
	 {"Elm St", "W 5th Ave", "Martin Luther King Jr. Blvd", "Peachtree St NE"}, {"Jo", "Renée", "José", "D'Andre", "Anna \"Annie\""},
	 {"Ray", "O'Neil", "Peña", "Smith", "van Dyke"}},
	{"CH", 2, 0, "+4179", {{"Zürich", "8001", ""}, {"Genève", "1201", ""}, {"Bern", "3011", ""}, {"Chur", "7000", ""}},
	 {"Bahnhofstrasse", "Rue du Rhône", "Gerechtigkeitsgasse", "Obere Gasse"}, {"Rätus", "Noémie", "Ueli", "Luca", "Zoé"},
	 {"Zürcher", "Dupré", "Bürgi", "Rossi", "Cadonau"}},
	{"CA", 1, 0, "+1416555", {{"Toronto", "M5H 2N2", "ON"}, {"Montréal", "H2Y 1C6", "QC"}, {"Vancouver", "V6B 1A1", "BC"}, {"Québec", "G1R 4P5", "QC"}},
	 {"Queen St W", "Rue Notre-Dame", "Granville St", "Rue Saint-Jean"}, {"Benoît", "Zoé", "Liam", "Maude", "Élise"},
	 {"Côté", "Lévesque", "Singh", "Tremblay", "St-Pierre"}},
	{0}};
/* clang-format on */
