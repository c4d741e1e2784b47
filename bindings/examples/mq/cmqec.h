/* For the test of ../mq_exit.c alone: what that file uses of IBM MQ, where IBM's header isn't there.
 *
 * It isn't IBM's header, and no part of it: names, types and parameters are those that IBM's documentation gives, structures have only
 * the members that are used, and so not the layout of IBM's. An exit that is built with it works in no queue manager. */
#ifndef CMQEC_OF_THE_TEST
#define CMQEC_OF_THE_TEST

#ifndef DMV_REDACT_TEST
#error "this header is for the test alone: build the exit with IBM's, -I MQ_INSTALLATION_PATH/inc"
#endif

#include <stdint.h>

#define MQENTRY

typedef char MQCHAR;
typedef unsigned char MQBYTE;
typedef int32_t MQLONG, MQHCONN, MQHOBJ;
typedef int64_t MQHMSG;
typedef void *PMQVOID, **PPMQVOID;
typedef MQLONG *PMQLONG, **PPMQLONG;
typedef MQHCONN *PMQHCONN;
typedef MQHOBJ *PMQHOBJ, **PPMQHOBJ;

#define NUMBER(name, value) name = value,
#define TEXT(name, value)
enum {
#include "constants.h"
  MQ_Q_NAME_LENGTH = 48
};
#undef NUMBER
#undef TEXT
#define NUMBER(name, value)
#define TEXT(name, value) static const char name[] = value;
#include "constants.h"
#undef NUMBER
#undef TEXT

typedef void MQENTRY MQFUNC(void);
typedef MQFUNC *PMQFUNC;
typedef void MQXEPO, *PMQXEPO;

typedef struct tagMQIEP MQIEP, *PMQIEP, *MQHCONFIG;
struct tagMQIEP {
  MQCHAR StrucId[4];
  void(MQENTRY *MQXEP_Call)(MQHCONFIG, MQLONG ExitReason, MQLONG Function, PMQFUNC, PMQXEPO, PMQLONG pCompCode, PMQLONG pReason);
};

typedef struct {
  MQLONG ExitReason, ExitResponse;
  MQBYTE ExitUserArea[16], ExitPDArea[48];
  MQCHAR ExitData[32], QMgrName[MQ_Q_NAME_LENGTH];
  MQHCONFIG Hconfig;
  MQLONG Function;
} MQAXP, *PMQAXP;

typedef struct {
  MQLONG Environment;
} MQAXC, *PMQAXC;

typedef struct {
  MQCHAR StrucId[4];
  MQLONG Version, CodedCharSetId;
  MQCHAR Format[8];
  MQBYTE CorrelId[24];
  MQLONG Offset, MsgFlags;
} MQMD, *PMQMD, **PPMQMD;

typedef struct {
  MQLONG Version, ObjectType;
  MQCHAR ObjectName[MQ_Q_NAME_LENGTH], ObjectQMgrName[MQ_Q_NAME_LENGTH];
  MQLONG RecsPresent;
} MQOD, *PMQOD, **PPMQOD;

typedef struct {
  MQLONG Version, Options, RecsPresent;
  MQHMSG OriginalMsgHandle, NewMsgHandle;
} MQPMO, *PMQPMO, **PPMQPMO;

typedef struct {
  MQLONG Version;
  MQHMSG MsgHandle;
} MQGMO, *PMQGMO, **PPMQGMO;

typedef struct {
  MQLONG CallbackType;
} MQCBD, *PMQCBD, **PPMQCBD;

typedef void MQENTRY MQ_INIT_EXIT(PMQAXP, PMQAXC, PMQLONG pCompCode, PMQLONG pReason);
typedef void MQENTRY MQ_TERM_EXIT(PMQAXP, PMQAXC, PMQLONG pCompCode, PMQLONG pReason);
typedef void MQENTRY MQ_OPEN_EXIT(PMQAXP, PMQAXC, PMQHCONN, PPMQOD, PMQLONG pOptions, PPMQHOBJ, PMQLONG pCompCode, PMQLONG pReason);
typedef void MQENTRY MQ_CLOSE_EXIT(PMQAXP, PMQAXC, PMQHCONN, PPMQHOBJ, PMQLONG pOptions, PMQLONG pCompCode, PMQLONG pReason);
typedef void MQENTRY MQ_PUT_EXIT(PMQAXP, PMQAXC, PMQHCONN, PMQHOBJ, PPMQMD, PPMQPMO, PMQLONG pBufferLength, PPMQVOID ppBuffer,
                                 PMQLONG pCompCode, PMQLONG pReason);
typedef void MQENTRY MQ_PUT1_EXIT(PMQAXP, PMQAXC, PMQHCONN, PPMQOD, PPMQMD, PPMQPMO, PMQLONG pBufferLength, PPMQVOID ppBuffer,
                                  PMQLONG pCompCode, PMQLONG pReason);
typedef void MQENTRY MQ_GET_EXIT(PMQAXP, PMQAXC, PMQHCONN, PMQHOBJ, PPMQMD, PPMQGMO, PMQLONG pBufferLength, PPMQVOID ppBuffer,
                                 PPMQLONG ppDataLength, PMQLONG pCompCode, PMQLONG pReason);
typedef void MQENTRY MQ_CB_EXIT(PMQAXP, PMQAXC, PMQHCONN, PMQLONG pOperation, PPMQCBD, PMQHOBJ, PPMQMD, PPMQGMO, PMQLONG pCompCode,
                                PMQLONG pReason);

#endif
