/*
 * peers.h
 *
 * The list of peers: a peer is one file that ends with
 * `const SimPeer sim_peer_NAME = {...};` and one line here.
 */
PEER(amazon_mcf)
PEER(amazon_orders)
PEER(dhl_express)
PEER(dhl_parcel_de)
PEER(dhl_tracking)
PEER(ebay)
PEER(efs)
PEER(fedex)
PEER(klarna)
PEER(mail)
PEER(nets)
PEER(ongoing)
PEER(shipper_id)
PEER(shopify)
PEER(twilio)
PEER(ups)
PEER(usps)
PEER(webhook)
PEER(woocommerce)
