/* One line per connector; read by connector.h (declarations) and registry.c (the array). */
CONNECTOR(dhl_parcel_de)
CONNECTOR(dhl_tracking)
CONNECTOR(fedex)
CONNECTOR(ongoing_wms)
CONNECTOR(sandbox)
CONNECTOR(ups)
CONNECTOR(webhook)
CONNECTOR(woocommerce)
