"""Each capability in plain words, so that one can tick it, be asked about it and read it in a receipt."""

from typing import Final

TABLE: Final[dict[str, tuple[str, str]]] = {
    "can.screen.view": ("Ver su pantalla", "See your screen"),
    "can.screen.present": ("Enseñarle su propia pantalla", "Show you their own screen"),
    "can.point.laser": ("Señalar cosas en su pantalla", "Point at things on your screen"),
    "can.point.annotate": ("Dibujar sobre su pantalla", "Draw on your screen"),
    "can.input.pointer": ("Mover el ratón y hacer clic", "Move the mouse and click"),
    "can.input.text": ("Escribir con su teclado", "Type on your keyboard"),
    "can.input.keys": ("Usar teclas y atajos", "Use keys and shortcuts"),
    "can.input.special": (
        "Usar teclas del sistema, como Ctrl+Alt+Supr",
        "Use system keys such as Ctrl+Alt+Del",
    ),
    "can.clipboard.to_customer": (
        "Poner texto en su portapapeles, para que usted lo pegue",
        "Put text on your clipboard for you to paste",
    ),
    "can.clipboard.from_customer": (
        "Leer lo que usted copie, mientras dure la sesión",
        "Read what you copy, as long as the session lasts",
    ),
    "can.file.send": (
        "Enviarle archivos, que quedan en una carpeta aparte",
        "Send you files, which go to a folder of their own",
    ),
    "can.file.fetch": ("Llevarse un archivo de este PC", "Take a file from this PC"),
    "can.file.browse": (
        "Ver los nombres de sus carpetas y archivos",
        "See the names of your folders and files",
    ),
    "can.system.info": (
        "Ver los datos de este PC: nombre, sistema, memoria, disco",
        "See what this PC is: name, system, memory, disk",
    ),
    "can.system.processes.list": ("Ver qué programas están en marcha", "See which programs are running"),
    "can.system.processes.end": ("Cerrar a la fuerza un programa", "Force a program to close"),
    "can.system.services": (
        "Ver, iniciar y parar servicios del sistema",
        "See, start and stop services of the system",
    ),
    "can.terminal.user": (
        "Escribir órdenes en una terminal, con su usuario",
        "Type commands in a terminal, as your user",
    ),
    "can.terminal.admin": (
        "Escribir órdenes en una terminal, como administrador de este PC",
        "Type commands in a terminal, as administrator of this PC",
    ),
    "can.script.run": (
        "Ejecutar un guion de órdenes como administrador",
        "Run a script as administrator",
    ),
    "can.elevate": ("Hacer algo como administrador de este PC", "Do something as administrator of this PC"),
    "can.power.logoff": ("Cerrar su sesión en este PC", "Sign you out of this PC"),
    "can.power.reboot": ("Reiniciar este PC", "Restart this PC"),
    "can.power.safe_mode": ("Reiniciar este PC en modo seguro", "Restart this PC in safe mode"),
    "can.session.hold": (
        "Mantener la sesión abierta para volver más tarde",
        "Keep the session open to come back later",
    ),
    "can.session.reconnect": (
        "Volver por sí solo después de un reinicio",
        "Come back by itself after a restart",
    ),
    "can.input.block_local": (
        "Bloquear por un rato su ratón y su teclado",
        "Block your mouse and keyboard for a while",
    ),
    "can.screen.blank": ("Dejar su pantalla en negro por un rato", "Make your screen black for a while"),
    "can.audio.listen": ("Oír lo que suena en este PC", "Hear what this PC plays"),
    "can.record": (
        "Grabar la sesión: su pantalla quedará guardada",
        "Record the session: your screen will be kept",
    ),
    "can.snapshot": ("Guardar una foto de la pantalla", "Keep a picture of the screen"),
    "can.chat": ("Escribirle en el chat", "Write to you in the chat"),
    "can.voice": ("Hablar con usted por voz", "Talk with you by voice"),
}
