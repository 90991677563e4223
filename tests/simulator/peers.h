/*
 * peers.h
 *
 * The list of peers: a peer is one file that ends with
 * `const SimPeer sim_peer_NAME = {...};` and one line here.
 */
PEER(klarna)
PEER(nets)
PEER(ups)
PEER(woocommerce)
PEER(ongoing)
PEER(webhook)
