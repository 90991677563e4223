/* One line per connector; read by connector.h (declarations) and registry.c (the array). */
CONNECTOR(sandbox)
CONNECTOR(ups)
CONNECTOR(webhook)
