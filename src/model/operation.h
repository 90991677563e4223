/*
 * operation.h
 *
 * FfOperation: the enum of operations and its names (list in operations.h).
 */
#ifndef FF_MODEL_OPERATION_H
#define FF_MODEL_OPERATION_H

typedef enum FfOperation
{
#define FF_OPERATION(symbol, name, role) symbol,
#include "model/operations.h"
#undef FF_OPERATION
	FF_OPERATION_COUNT
} FfOperation;

extern const char *ff_operation_name(FfOperation operation);
/* "provider", "channel", "payment", "messenger" or "any". */
extern const char *ff_operation_role(FfOperation operation);
/* FF_OPERATION_COUNT when there is no such operation. */
extern FfOperation ff_operation_from_name(const char *name);

#endif
