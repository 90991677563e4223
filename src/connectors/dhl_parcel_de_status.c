/*
 * dhl_parcel_de_status.c
 *
 * What the scans of DHL Parcel DE mean: an event (ICE), its reason (RIC) and
 * the standard event it is one of.  Of rows with the same event, or the same
 * event and standard event, the first says what reasons mean that are not in
 * the table.  A status of NULL tells something and leaves the status as it is.
 */
#include "postgres.h"

#include "connectors/dhl_parcel_de.h"

static const struct
{
	const char *ice;
	const char *standard;
	const char *status;
	const char *reasons;
} scans[] = {
	{"ADVIS",
	 "DD",
	 "label_created",
	 "DLVDT DLVTM MSGER MSGPC MSGST ORDER PFLOC REJCT ROUCR SECDA STBSD"},
	{"ADVIS", "ZN", NULL, "STBSD"},
	{"ALERT", "BV", "exception", "BDADD"},
	{"ALERT", "DD", NULL, "DLVTM"},
	{"ASMVT", "NB", "in_transit", "NRQRD"},
	{"CANCL", "BV", "cancelled", "NRQRD"},
	{"CHECK", "BV", NULL, "SVCHG"},
	{"CNFSC", "BV", "exception", "LEGAT"},
	{"CNRFC", "LA", "ready_for_pickup", "HDFCT"},
	{"CNRFC", "ZF", "ready_for_pickup", "HDFCT NRQRD PCKST SERPT"},
	{"DLVRD",
	 "ZU",
	 "delivered",
	 "ACCDM ACCPK ACCPT ACCSI AGENT CODRP CUSTM DIDLV FAMLY HNDTC NGHBR OTHER PCKAD PKBOX "
	 "POBOX SECPL SERPT SPOUS WINPL"},
	{"DLVRD", "GT", NULL, "CODAR CODRP"},
	{"DLVRF", "ZN", "exception", "CROAT DMGED NEXCH NTORD OTHER SHNCP TRPMT"},
	{"DMGDS", "BV", "exception", "CSDOC CTCST DMGED DMGPC LDMGD NRQRD PUDMG"},
	{"DMGDS", "AA", "in_transit", "LDMGD"},
	{"DMGDS", "EE", "in_transit", "LDMGD"},
	{"DSPSD", "BV", "exception", "CLREF CRQST DMGED DMGPC FSCCH MSLBL NRQRD"},
	{"DSPSD", "ZU", "exception", "BDADD CNCNR DMGED FRMJR GDNMS MOVED NTCLM NTORD"},
	{"DSPSD", "ZN", "exception", "CSREQ"},
	{"DTNPC", "BV", "exception", "GHSTP NPRPF"},
	{"EXPHD",
	 "BV",
	 "exception",
	 "BDADD DMGED DMGPC DMPHD GDNMS INCSH INSPT MSDOC MSLBL MSSDT NRQRD OTHER PWMFD STBSD "
	 "STPRB TRPMT UDFPC WRGRI"},
	{"EXPHD", "BV", "delayed", "EQUBF FFTCH FRMJR RTTSP"},
	{"EXPHD", "BV", "lost", "LOSTX"},
	{"EXPHD", "PO", "exception", "BDADD MSSDT"},
	{"EXPHD", "PO", "delayed", "CAPEX FRMJR"},
	{"EXPHD", "ZF", "exception", "CLREF"},
	{"EXPHD", "ZO", "exception", "CLREF"},
	{"EXPHD", "ZN", "delayed", "RTTSP"},
	{"FWDCF", "PO", "in_transit", "SERPT"},
	{"HLDCC", "ZF", "ready_for_pickup", "HDFCT NTCCN SERPT"},
	{"HLDCC", "LA", "ready_for_pickup", "HDFCT LDPCK SERPT"},
	{"HLDCC", "PO", "in_transit", "SERPT"},
	{"HLDCP", "ZO", "delayed", "NORSN"},
	{"HLDCU", "ZO", "delayed", "NORSN"},
	{"HLDCU", "BV", "exception", "NORSN"},
	{"HNDDE", "ZF", "ready_for_pickup", "SERPT"},
	{"HNDDE", "LA", "ready_for_pickup", "SERPT"},
	{"HNDDE", "PO", "in_transit", "SERPT"},
	{"HNDND", "ZO", "in_transit", "CUSTM"},
	{"ICPRC", "ZO", "in_transit", "FWEXH NRQRD OARRV"},
	{"INFCL", "LA", "in_transit", "CSREQ HNDCA NRQRD SERPT"},
	{"INFCL", "LA", "delayed", "CTCST DLVDT HLDAY HLDSR INCSH"},
	{"INFCL", "PO", "in_transit", "CSREQ HNDCA INCSH"},
	{"INFCL", "BV", "delayed", "FWEXH OARRV"},
	{"ITBAR", "ZO", "in_transit", "CSTBA FWEXH OARRV"},
	{"LDEXC", "PO", "delayed", "BDADD MSDLA"},
	{"LDEXC", "BV", "delayed", "MSDLA OVRLD"},
	{"LDEXC", "ZN", "delayed", "MSDLA"},
	{"LDTHU", "NB", "in_transit", "NRQRD"},
	{"LDTMV", "AA", "in_transit", "FWEXH MVMTV NRQRD"},
	{"LDTMV", "NB", "in_transit", "FWEXH MVMTV"},
	{"LDTMV", "PO", "out_for_delivery", "MVMTV PCKST SECDA SERPT"},
	{"LDTMV", "ZN", "in_transit", "SECDA"},
	{"LDTMV", "ES", "in_transit", "SERPT"},
	{"LDTMV", "ZF", "in_transit", "SERPT"},
	{"MSRTD", "BV", "delayed", "CRRCS CRRFN NRQRD WRGTR"},
	{"MSRTD", "PO", "delayed", "CRRFN NRQRD"},
	{"MSRTD", "ZN", "delayed", "NRQRD"},
	{"MVARR", "EE", "in_transit", "NRQRD"},
	{"MVARR", "PO", "in_transit", "NRQRD"},
	{"MVARR", "ZU", NULL, "NRQRD"},
	{"MVDEX", "BV", "delayed", "FRMJR"},
	{"MVDPT", "AA", "in_transit", "NRQRD"},
	{"MVTEX", "BV", "delayed", "FRMJR TCATC TCHBD VHARU"},
	{"MVTEX", "PO", "delayed", "FRMJR TCHBD"},
	{"NTADT", "PO", "delayed", "NPRPF"},
	{"NTDEL",
	 "ZN",
	 "attempted",
	 "BDADD CLOSD CTCST IDDMG MSDOC NAGTB NHOME NTCCN NTIHU OTHER OTHRE PCKST SECDA SERPT "
	 "TRPMT"},
	{"NTDEL",
	 "ZN",
	 "exception",
	 "AGNEG CNCNR CPUNK CTCNI DMGED DRCRU IDNEG MOVED MSLBL RFUSD SHINF UDLVR"},
	{"NTDEL", "ZN", "delayed", "CAPEX CRROT FRMJR HLDAY MSSDT RSEXW TCHBD WRGPN WRGRI WRGTR"},
	{"NTDEL", "PO", "delayed", "CRROT"},
	{"NTPUP",
	 "AN",
	 "exception",
	 "BDADD CLOSD CLRTE CPUNK CRROT DMGED GDNMS GDNRD NAGTB NHOME NPYMT NTHND NTHNG OTHER "
	 "SPCNR TRPMT WRGTR"},
	{"OFWRD", "BV", "in_transit", "CNCNR RTSCR"},
	{"OFWRD", "ZN", "in_transit", "CNRFW RDRCR RDRDO RTSCR RTSSA"},
	{"OFWRD", "PO", "in_transit", "CRFRD CSREQ NRQRD PBNBR RDRCR RDRDO RTSCR"},
	{"OFWRD", "AA", "in_transit", "CRRFN RDRCR RTSCR"},
	{"OFWRD", "EE", "in_transit", "CRRFN RTSCR"},
	{"OFWRD", "AN", "in_transit", "RDRCR"},
	{"PARCV", "VA", "label_created", "NRQRD"},
	{"PBNDT", "BV", "delayed", "NDRFC NDRFN NORSN"},
	{"PCKDU", "AE", "in_transit", "PFLOC PKBOX PUBCR WINPL"},
	{"PCKDU", "ES", "in_transit", "PKBOX"},
	{"PMTCR", "GT", NULL, "NRQRD"},
	{"PMTCS", "GT", NULL, "NRQRD SERPT"},
	{"PURCR", "VA", "label_created", "BOOKN NRQRD"},
	{"PURCR", "BV", NULL, "BDADD OTHER"},
	{"PURCR", "DD", "label_created", "REJCT SECPL"},
	{"RCCLS", "BV", NULL, "GHSTP"},
	{"RCCLS", "ZN", "lost", "LOSTX"},
	{"RELBL", "BV", "in_transit", "NRQRD"},
	{"RELBL", "PO", "in_transit", "PLDMG PPQLT"},
	{"REPCK", "BV", "in_transit", "DMGPC NRQRD RDRDO WRGRI"},
	{"REPCK", "PO", "in_transit", "LDMGD"},
	{"REPCK", "AA", "in_transit", "MVMTV"},
	{"RETRN",
	 "ZN",
	 "returning",
	 "BDADD CNCNR CSREQ DMGED FRMJR MOVED MSDLA MSSDT NAGTB NEXCH NHOME NTCCN NTORD OTHER "
	 "RFUSD RTSCR RTSSA WRGDT WRGID WRGTR"},
	{"RETRN", "ZO", "returning", "CLREF INSPF"},
	{"RETRN", "BV", "returning", "DMGPC FSCCH GDNMS NAGTB UDFPC"},
	{"ROUCR", "PO", "in_transit", "PKBOX"},
	{"RSDCP", "ZO", "in_transit", "FWEXH OARRV"},
	{"SECHK", "BV", "delayed", "CCPSD DGCPS INSPT NRQRD"},
	{"SHRCU", "ES", "in_transit", "NRQRD PCKST SERPT"},
	{"SRTED", "AA", "in_transit", "FWAPS FWEXH FWEXP"},
	{"SRTED", "EE", "in_transit", "FWAPS FWEXH FWEXP"},
	{"SRTED", "NB", "in_transit", "FWEXH NRQRD"},
	{"SRTED", "AE", "in_transit", "NRQRD"},
	{"SRTED", "ES", "in_transit", "NRQRD"},
	{"SRTED", "PO", "in_transit", "NRQRD"},
	{"STORN", "DD", NULL, "NRQRD"},
	{"TRBCR", "BV", "in_transit", "NRQRD"},
	{"ULFMV", "EE", "in_transit", "OARRV UNLDD"},
	{"ULFMV", "NB", "in_transit", "OARRV"},
	{"ULFMV", "PO", "in_transit", "UNLDD"},
};

/* What a standard event means where nothing else is known. */
static const struct
{
	const char *standard;
	const char *status;
} standards[] = {
	{"AA", "in_transit"},
	{"AE", "in_transit"},
	{"AN", "exception"},
	{"BV", "exception"},
	{"DD", "label_created"},
	{"EE", "in_transit"},
	{"ES", "in_transit"},
	{"GT", NULL},
	{"LA", "in_transit"},
	{"NB", "in_transit"},
	{"PO", "in_transit"},
	{"VA", "label_created"},
	{"ZF", "in_transit"},
	{"ZN", "attempted"},
	{"ZO", "in_transit"},
	{"ZU", "delivered"},
};

bool
ff_pde_scan(const char *ice, const char *reason, const char *standard, const char **status)
{
	int best = -1;

	for (int i = 0; i < (int) lengthof(scans); i++)
	{
		bool same;

		if (strcmp(scans[i].ice, ice) != 0)
			continue;
		same = strcmp(scans[i].standard, standard) == 0;
		if (same && *reason != '\0' && ff_carrier_among(reason, scans[i].reasons))
		{
			*status = scans[i].status;
			return true;
		}
		if (best < 0 || (same && strcmp(scans[best].standard, standard) != 0))
			best = i;
	}
	if (best >= 0)
		*status = scans[best].status;
	return best >= 0;
}

bool
ff_pde_standard(const char *standard, const char **status)
{
	for (int i = 0; i < (int) lengthof(standards); i++)
	{
		*status = standards[i].status;
		if (strcmp(standards[i].standard, standard) == 0)
			return true;
	}
	return false;
}
