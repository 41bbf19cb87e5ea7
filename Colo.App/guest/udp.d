/work/wt/guest/Colo.App/guest/udp.o: /work/wt/guest/Colo.App/Guest/udp.c \
 /work/wt/guest/Colo.App/Guest/net.h /work/wt/guest/Colo.App/Guest/lib.h
/work/wt/guest/Colo.App/Guest/net.h:
/work/wt/guest/Colo.App/Guest/lib.h:
