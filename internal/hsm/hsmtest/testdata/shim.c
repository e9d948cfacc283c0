/* A PKCS #11 module that passes every call on to another one, and fails as devices have been seen to fail.
 *
 * SHIM_MODULE is the module behind it. SHIM_BUS is a file that all who talk to the device share, as they share its bus:
 *   byte 0      is locked by whoever is inside a call of a monitor (C_GetTokenInfo); a lock ends with its process
 *   byte 1..    the fault of the signatures, as text: stall, late, lose, crash, logout, garbage, monitor; empty for none
 * "monitor" is 2016 (source 002): a signature that is asked for while a monitor is inside is carried out, and its completion
 * never comes.
 *
 * SoftHSM2 falls over, now and then, when sessions end under a signature in another thread. What the shim itself does, a logout,
 * therefore waits for the signatures that are inside; and whoever ends all sessions under one falls over here every time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CK_PTR *
#define CK_DECLARE_FUNCTION(returnType, name) returnType name
#define CK_DECLARE_FUNCTION_POINTER(returnType, name) returnType(*name)
#define CK_CALLBACK_FUNCTION(returnType, name) returnType(*name)
#ifndef NULL_PTR
#define NULL_PTR 0
#endif
#include "pkcs11.h"

static CK_FUNCTION_LIST *real, mine;
static int bus_fd;
static const char *fault;
static pthread_rwlock_t signing = PTHREAD_RWLOCK_INITIALIZER; /* for reading: a signature is inside */

static int is(const char *name) { return strncmp(fault, name, strlen(name)) == 0; }

static struct flock lock(short type) {
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
	return l;
}

static int monitored(void) { /* by another process */
	struct flock l = lock(F_WRLCK);
	return fcntl(bus_fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info) {
	struct flock in = lock(F_RDLCK), out = lock(F_UNLCK);
	fcntl(bus_fd, F_SETLKW, &in);
	usleep(2000); /* a monitor's look takes this long on the bus */
	CK_RV rv = real->C_GetTokenInfo(slot, info);
	fcntl(bus_fd, F_SETLK, &out);
	return rv;
}

static CK_RV sign(CK_SESSION_HANDLE s, CK_BYTE *data, CK_ULONG n, CK_BYTE *out, CK_ULONG *outn) {
	if (out == NULL_PTR) /* only the length is asked for */
		return real->C_Sign(s, data, n, out, outn);
	if (is("stall"))
		for (;;) pause();
	if (is("crash")) abort();
	if (is("late")) usleep(300000);
	if (is("logout")) {
		pthread_rwlock_wrlock(&signing);
		real->C_Logout(s);
		pthread_rwlock_unlock(&signing);
		return CKR_USER_NOT_LOGGED_IN;
	}
	pthread_rwlock_rdlock(&signing);
	CK_RV rv = real->C_Sign(s, data, n, out, outn);
	pthread_rwlock_unlock(&signing);
	if (is("lose") || (is("monitor") && monitored()))
		for (;;) pause();
	if (is("garbage") && rv == CKR_OK) memset(out, 0x5a, *outn);
	return rv;
}

static CK_RV close_all_sessions(CK_SLOT_ID slot) {
	if (pthread_rwlock_trywrlock(&signing) != 0) {
		fprintf(stderr, "shim: all sessions were closed under a signature\n");
		abort();
	}
	CK_RV rv = real->C_CloseAllSessions(slot);
	pthread_rwlock_unlock(&signing);
	return rv;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) {
	if (real == NULL) {
		const char *bus = getenv("SHIM_BUS"), *module = getenv("SHIM_MODULE");
		int fd = bus == NULL ? -1 : open(bus, O_RDWR);
		char *map = fd < 0 ? MAP_FAILED : mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		void *lib = module == NULL ? NULL : dlopen(module, RTLD_NOW | RTLD_LOCAL);
		CK_C_GetFunctionList get = lib == NULL ? NULL : (CK_C_GetFunctionList)dlsym(lib, "C_GetFunctionList");
		if (map == MAP_FAILED || get == NULL || get(&real) != CKR_OK) {
			fprintf(stderr, "shim: SHIM_MODULE or SHIM_BUS cannot be used\n");
			return CKR_GENERAL_ERROR;
		}
		bus_fd = fd;
		fault = map + 1;
		mine = *real;
		mine.C_GetTokenInfo = token_info;
		mine.C_Sign = sign;
		mine.C_CloseAllSessions = close_all_sessions;
	}
	*list = &mine;
	return CKR_OK;
}
